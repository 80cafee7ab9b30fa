//! Asks `git` about a repository. Only ever reads, runs nothing that the repository itself brings along (hooks, file monitors,
//! remotes' helpers), and reaches for no network: what a partial clone lacks is missing.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// A `git` command in a folder.
pub(super) fn command(root: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(root)
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null());
    command
}

/// What a command printed.
///
/// # Errors
/// When there is no `git`, or it failed; with what it said.
pub(super) fn output(root: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = command(root).args(arguments).output().context("can't run git; is it installed?")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {}", arguments.first().unwrap_or(&""), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
