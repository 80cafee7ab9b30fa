//! `cargo xtask ci`: everything that must hold before a change is merged, what is quick to fail first.

use anyhow::Result;

use crate::{
    audit, gate_self_test,
    generate::{self, Mode},
    node, process,
    steps::Steps,
    test::{self, Scope},
    tidy,
};

/// Runs every check and every test.
///
/// # Errors
/// The first step that fails.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.step("format", || process::run(process::cargo().args(["fmt", "--all", "--check"])))?;
    steps.step("tidy", tidy::run)?;
    steps.step("audit", audit::run)?;
    test::prepare(&mut steps, Scope::Everything)?;
    steps.step("studio: format", || process::run(node::STUDIO.npm().args(["run", "lint"])))?;
    steps.step("clippy", || {
        let mut command = process::cargo();
        process::run(command.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    steps.step("server: build", || process::run(process::cargo().args(test::BUILD_SERVER)))?;
    steps.step("generated files", || generate::compare(Mode::Check))?;
    test::steps_of(&mut steps, Scope::Everything, &[])?;
    let sabotaged = steps.step("gate: build for the self-test", gate_self_test::build)?;
    steps.step("gate: self-test", || gate_self_test::try_checks(&sabotaged, &[]))?;
    steps.summary();
    Ok(())
}
