//! The two npm projects: the studio (part of the product) and the stand-ins (part of the tests).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result};

use crate::{process, workspace};

/// The web app.
pub(crate) const STUDIO: Project = Project { folder: "studio" };
/// The counterparts that tests run against, and the browser tests.
pub(crate) const STANDINS: Project = Project { folder: "standins" };

/// A folder with a `package.json` and its lock file.
pub(crate) struct Project {
    folder: &'static str,
}

impl Project {
    fn path(&self, file: &str) -> PathBuf {
        workspace::path(self.folder).join(file)
    }

    /// `npm` in this folder.
    pub(crate) fn npm(&self) -> Command {
        let mut command = Command::new("npm");
        command.current_dir(workspace::path(self.folder));
        command
    }

    /// Installs exactly what the lock file names, unless that is what is there.
    ///
    /// # Errors
    /// When npm fails.
    pub(crate) fn install(&self) -> Result<()> {
        let lock = fs::read(self.path("package-lock.json"))
            .with_context(|| format!("{}/package-lock.json can't be read", self.folder))?;
        // A copy of the lock file inside the folder it describes: it goes when the folder goes.
        let stamp = self.path("node_modules/.installed-lock.json");
        if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        process::run(self.npm().args(["ci", "--no-audit", "--no-fund"]))?;
        fs::write(stamp, lock).context("cannot leave the stamp of the installed packages")
    }
}

/// Builds the studio into `studio/dist`, from where it is embedded into the server, when a source is newer.
///
/// # Errors
/// When the build fails.
pub(crate) fn build_studio() -> Result<()> {
    // The page, but not the worker, is also there when only the server was built: a placeholder, which no build made.
    let built = STUDIO.path("dist/sw.js").metadata().and_then(|file| file.modified()).ok();
    if built.is_some_and(|built| newest(&workspace::path("studio")).is_ok_and(|source| source < built)) {
        return Ok(());
    }
    process::run(STUDIO.npm().args(["run", "build"]))
}

fn newest(folder: &Path) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for file in workspace::files(folder)? {
        newest = newest.max(folder.join(file).metadata()?.modified()?);
    }
    Ok(newest)
}
