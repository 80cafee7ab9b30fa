//! The Python packages of the stand-ins: pinned by their hashes, in a folder of their own, installed when the list changed.

use std::fs;

use anyhow::Result;

use crate::{process, workspace};

/// Makes `standins/.venv` hold exactly what `standins/requirements.txt` lists.
///
/// # Errors
/// When Python or the package index can't be had.
pub(crate) fn install() -> Result<()> {
    let list = workspace::path("standins/requirements.txt");
    let folder = workspace::path("standins/.venv");
    let installed = folder.join("installed.txt");
    let wanted = fs::read_to_string(&list)?;
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        println!("as listed");
        return Ok(());
    }
    process::run(process::command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = process::command(folder.join("bin").join("pip"));
    process::run(pip.args(["install", "--quiet", "--no-deps", "--require-hashes", "-r"]).arg(&list))?;
    Ok(fs::write(installed, wanted)?)
}
