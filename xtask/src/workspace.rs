//! Where things are: the checkout's root, its build folder, and its files without what is built or downloaded.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Folders that hold nothing written by hand, wherever they lie.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", ".venv", "dist"];
/// What a server that was run here has left, and the browser tests' pictures.
const LEFT_BEHIND: &[&str] = &["data", "standins/browser/results"];

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    let manifest_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_folder.parent().unwrap_or(manifest_folder)
}

/// A path below the root.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// Cargo's build folder, also when the environment has moved it.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| path("target"), |folder| root().join(folder))
}

/// The server as `cargo build` leaves it.
pub(crate) fn server() -> PathBuf {
    target().join("debug").join("mainstay")
}

/// Every file of the checkout that is written by hand, relative to `folder`, in a stable order.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(current) = pending.pop() {
        let entries = fs::read_dir(&current).with_context(|| format!("cannot read {}", current.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            if kind.is_dir() {
                let left = LEFT_BEHIND.iter().any(|skipped| entry.path() == path(skipped));
                if !left && !NOT_OURS.iter().any(|skipped| name == *skipped) {
                    pending.push(entry.path());
                }
            } else if kind.is_file() {
                found.push(entry.path().strip_prefix(folder)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}
