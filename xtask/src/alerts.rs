//! `cargo xtask alerts`: the rules of `ops/alerts` are well-formed, and each fires when its tests say so and else not.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{process, tools, workspace};

const FOLDER: &str = "ops/alerts";
const TEST_END: &str = ".test.yml";

/// Checks every file of rules and runs every file of tests.
///
/// # Errors
/// When a rule is malformed or a test fails, or `promtool` can't be had.
pub(crate) fn run() -> Result<()> {
    let promtool = promtool()?;
    let mut rules = Vec::new();
    let mut tests = Vec::new();
    for file in workspace::files(&workspace::path(FOLDER))? {
        let path = Path::new(FOLDER).join(&file);
        let name = file.to_string_lossy().into_owned();
        if name.ends_with(TEST_END) {
            tests.push(path);
        } else if name.ends_with(".yml") {
            rules.push(path);
        }
    }
    if rules.is_empty() || tests.is_empty() {
        bail!("{FOLDER} has no rules, or no tests of them");
    }
    process::run(process::command(&promtool).args(["check", "rules"]).args(&rules))?;
    process::run(process::command(&promtool).args(["test", "rules"]).args(&tests))
}

/// The one on this system, else the one of Debian's package, unpacked into the build folder: installing the package would start a
/// server.
fn promtool() -> Result<PathBuf> {
    if let Some(path) = tools::find("promtool") {
        return Ok(path);
    }
    let folder = workspace::target().join("tools").join("prometheus");
    let binary = folder.join("usr/bin/promtool");
    if !binary.exists() {
        unpack(&folder).context("cannot get promtool; install Prometheus by hand")?;
    }
    Ok(binary)
}

fn unpack(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    process::run(process::command("apt-get").args(["-qq", "download", "prometheus"]).current_dir(folder))?;
    let mut packages = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let package = packages.find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let package = package.context("apt-get downloaded nothing")?;
    process::run(process::command("dpkg-deb").arg("--extract").arg(&package).arg(folder))?;
    Ok(fs::remove_file(package)?)
}
