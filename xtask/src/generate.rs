//! `cargo xtask generate`: the committed files whose source is the code, so that documents can't drift from it.
//!
//! The server prints each of them; the studio's types follow from the API document.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{node, process, test, workspace};

/// What to do with a file that differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Name it and fail.
    Check,
    /// Write it anew.
    Write,
}

/// A committed file and the arguments that make the server print it.
const PRINTED: &[(&str, &[&str])] = &[
    ("openapi.json", &["openapi"]),
    (".env.example", &["config", "example"]),
    ("docs/reference/configuration.md", &["config", "reference"]),
    ("docs/reference/limits.md", &["limits"]),
    ("docs/reference/errors.md", &["errors"]),
    ("docs/reference/access.md", &["access"]),
    ("docs/reference/gate.md", &["gate", "list", "--reference"]),
];

const STUDIO_TYPES: &str = "studio/src/api/schema.d.ts";

/// Builds the server and brings the files up to date, or compares them.
///
/// # Errors
/// When the server can't print a file, or files differ in [`Mode::Check`].
pub(crate) fn run(mode: Mode) -> Result<()> {
    node::STUDIO.install()?;
    node::build_studio()?;
    process::run(process::cargo().args(test::BUILD_SERVER))?;
    compare(mode)
}

/// The same with the server already built.
///
/// # Errors
/// As [`run`].
pub(crate) fn compare(mode: Mode) -> Result<()> {
    let mut differing = Vec::new();
    for (path, arguments) in PRINTED {
        let expected = print(arguments)?;
        let file = workspace::path(path);
        if fs::read_to_string(&file).is_ok_and(|committed| committed == expected) {
            continue;
        }
        differing.push(*path);
        if mode == Mode::Write {
            fs::write(&file, expected).with_context(|| format!("cannot write {path}"))?;
        }
    }
    if !studio_types_are_current() {
        differing.push(STUDIO_TYPES);
        if mode == Mode::Write {
            process::run(node::STUDIO.npm().args(["run", "generate"]))?;
        }
    }
    match (mode, differing.as_slice()) {
        (_, []) => println!("all {} generated files are current", PRINTED.len() + 1),
        (Mode::Write, written) => println!("written: {}", written.join(", ")),
        (Mode::Check, stale) => bail!(
            "these files are not what the code says; run `cargo xtask generate` and commit them: {}",
            stale.join(", ")
        ),
    }
    Ok(())
}

/// What the server prints with nothing configured, wherever it is run.
fn print(arguments: &[&str]) -> Result<String> {
    let empty = tempfile::tempdir()?;
    let mut command = process::command(workspace::server());
    command.args(arguments).env_clear().current_dir(empty.path());
    process::read(&mut command)
}

/// The types follow from the document as it is committed; a stale document is reported by itself.
fn studio_types_are_current() -> bool {
    process::succeeds(node::STUDIO.npm().args(["run", "generate", "--", "--check"]))
}
