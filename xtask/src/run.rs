//! `cargo xtask run`: from a fresh checkout to a server with its studio, in one command.

use std::{ffi::OsString, os::unix::process::CommandExt};

use anyhow::{Context, Result};

use crate::{node, process, setup, workspace};

/// Builds what is stale and becomes the server.
///
/// # Errors
/// When a build fails or the server can't be started. When it can, this does not return.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    setup::run(setup::For::Running)?;
    node::STUDIO.install()?;
    node::build_studio()?;
    process::run(process::cargo().args(["build", "--package", "mainstay"]))?;
    println!("\nMainstay and its studio: http://localhost:8080 (Ctrl-C stops it)\n");
    let error = process::command(workspace::server()).arg("serve").args(arguments).exec();
    Err(error).context("cannot start the server")
}
