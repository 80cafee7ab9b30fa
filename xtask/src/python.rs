//! Python packages of the stand-ins and of the benchmarks' peers: each list in a folder of its own, installed when it changed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{process, workspace};

/// Makes `standins/.venv` hold exactly what `standins/requirements.txt` lists, by its hashes.
///
/// # Errors
/// When Python or the package index can't be had.
pub(crate) fn install() -> Result<()> {
    let list = workspace::path("standins/requirements.txt");
    install_into(&workspace::path("standins/.venv"), &list, &["--no-deps", "--require-hashes"])
}

/// Installs what the peers of the benchmarks need, and answers the Python that has it.
///
/// # Errors
/// When Python or the package index can't be had.
pub(crate) fn peers() -> Result<PathBuf> {
    let folder = workspace::target().join("bench-peers");
    install_into(&folder, &workspace::path("bench/peers/row-lock/requirements.txt"), &[])?;
    Ok(folder.join("bin").join("python"))
}

fn install_into(folder: &Path, list: &Path, options: &[&str]) -> Result<()> {
    let installed = folder.join("installed.txt");
    let wanted = fs::read_to_string(list)?;
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        println!("as listed");
        return Ok(());
    }
    process::run(process::command("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = process::command(folder.join("bin").join("pip"));
    process::run(pip.args(["install", "--quiet"]).args(options).arg("-r").arg(list))?;
    Ok(fs::write(installed, wanted)?)
}
