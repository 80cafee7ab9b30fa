//! `cargo xtask test`: every test there is, on servers of its own.

use std::{ffi::OsString, fs};

use anyhow::Result;

use crate::{
    alerts, node, process, python,
    services::{Purpose, Services},
    setup,
    steps::Steps,
    tools, workspace,
};

/// How much is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The Rust tests alone.
    Rust,
    /// Those, the studio, the stand-ins and a real browser.
    Everything,
}

/// Runs the tests with a summary at the end.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run(scope: Scope, nextest: &[OsString]) -> Result<()> {
    let mut steps = Steps::default();
    prepare(&mut steps, scope)?;
    steps_of(&mut steps, scope, nextest)?;
    steps.summary();
    Ok(())
}

/// What has to be there before anything is compiled.
///
/// # Errors
/// The first step that fails.
pub(crate) fn prepare(steps: &mut Steps, scope: Scope) -> Result<()> {
    steps.step("setup", || setup::run(setup::For::Tests))?;
    steps.step("studio: packages", || node::STUDIO.install())?;
    // Before the Rust build, which embeds it.
    steps.step("studio: build", node::build_studio)?;
    // Rust tests also run against the stand-ins.
    steps.step("stand-ins: packages", || node::STANDINS.install())?;
    steps.step("stand-ins: Python packages", python::install)?;
    if scope == Scope::Everything {
        steps.step("studio: check", || process::run(node::STUDIO.npm().args(["run", "check"])))?;
        steps.step("studio: test", || process::run(node::STUDIO.npm().arg("test")))?;
        steps.step("alerts: test", alerts::run)?;
        steps.step("stand-ins: test", || process::run(node::STANDINS.npm().arg("test")))?;
    }
    Ok(())
}

/// The tests that need the Rust build.
///
/// # Errors
/// The first step that fails.
pub(crate) fn steps_of(steps: &mut Steps, scope: Scope, nextest: &[OsString]) -> Result<()> {
    let services = steps.step("scratch servers: start", || Services::start(Purpose::Tests))?;
    // What a member sees comes last: when it fails while all else passes, the fault is in the studio or in between.
    steps.step("Rust: test", || run_nextest(&services, nextest))?;
    if scope == Scope::Everything {
        steps.step("Rust: documentation tests", || documentation_tests(&services))?;
        steps.step("server: build", || process::run(process::cargo().args(BUILD_SERVER)))?;
        steps.step("browser: test", || {
            let mut command = process::command("node");
            command.args(["standins/browser/run.mjs", "--bin"]).arg(workspace::server());
            process::run(command.envs(services.variables()))
        })?;
    }
    steps.step("scratch servers: stop", || {
        drop(services);
        Ok(())
    })
}

/// The same features as `nextest --workspace` resolves, so that nothing is compiled twice.
pub(crate) const BUILD_SERVER: &[&str] = &["build", "--workspace", "--bins"];

fn run_nextest(services: &Services, arguments: &[OsString]) -> Result<()> {
    let mut command = process::cargo();
    command.args(["nextest", "run"]).args(arguments).envs(services.variables());
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    if !words.any(|argument| argument == "-p" || argument.starts_with("--package")) {
        command.arg("--workspace");
    }
    if !process::succeeds(process::cargo().args(["nextest", "--version"])) {
        command.env("PATH", tools::path_with(&tools::CARGO_NEXTEST.path()?)?);
    }
    process::run(&mut command)
}

/// nextest leaves these to cargo, which takes a while even to find that there are none; so it is asked only if there are.
fn documentation_tests(services: &Services) -> Result<()> {
    let crates = workspace::path("crates");
    for file in
        workspace::files(&crates)?.iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs"))
    {
        if has_documentation_test(&fs::read_to_string(crates.join(file))?) {
            println!("the first is in crates/{}", file.display());
            let mut command = process::cargo();
            return process::run(command.args(["test", "--workspace", "--doc"]).envs(services.variables()));
        }
    }
    println!("there are none");
    Ok(())
}

/// Whether a file has a fenced block in its documentation that rustdoc would run.
fn has_documentation_test(text: &str) -> bool {
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let Some(comment) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else { continue };
        let Some(language) = comment.trim().strip_prefix("```") else { continue };
        if !inside
            && (language.is_empty() || language.starts_with("rust") || language.starts_with("should_panic"))
        {
            return true;
        }
        inside = !inside;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_documentation_test;

    #[test]
    fn a_rust_block_counts_and_a_text_block_does_not() {
        assert!(has_documentation_test("/// Adds.\n/// ```\n/// assert_eq!(1 + 1, 2);\n/// ```\n"));
        assert!(has_documentation_test("//! ```text\n//! a\n//! ```\n//! ```rust\n//! b();\n//! ```\n"));
        assert!(!has_documentation_test("//! ```text\n//! a → b\n//! ```\n"));
        assert!(!has_documentation_test("let fence = \"```\";\n"));
    }
}
