//! Sees to it that nothing stays behind, however this process ends: a shell that holds one end of a pipe, knows every process
//! that was started, and ends those that are left when the pipe closes.

use std::{
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
};

use anyhow::Context as _;
use parking_lot::Mutex;
use rustix::process::Signal;

const SCRIPT: &str = include_str!("keeper.sh");

/// The folder of a run, and who clears up after it.
pub(crate) struct Keeper {
    folder: PathBuf,
    shell: Child,
    leash: Mutex<Option<ChildStdin>>,
}

impl Keeper {
    /// Makes the folder and starts the shell.
    ///
    /// # Errors
    /// When either can't be made.
    pub(crate) fn start() -> anyhow::Result<Arc<Self>> {
        // The shell removes it, since it may outlive this process.
        let folder = tempfile::Builder::new().prefix("mainstay-drill-").tempdir()?.keep();
        // PostgreSQL may have to run as somebody else, who must get through to its own folder.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(&folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C is for us; the shell follows when the pipe closes.
            .process_group(0)
            .spawn()
            .context("can't start sh")?;
        let leash = Mutex::new(shell.stdin.take());
        Ok(Arc::new(Self { folder, shell, leash }))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A process is there, which this signal ends.
    pub(super) fn started(&self, id: u32, end: Signal) {
        let end = if end == Signal::QUIT { "QUIT" } else { "KILL" };
        self.tell(&format!("started {id} {end}\n"));
    }

    /// It is gone, and its number may soon be another's.
    pub(super) fn ended(&self, id: u32) {
        self.tell(&format!("ended {id}\n"));
    }

    fn tell(&self, line: &str) {
        if let Some(leash) = self.leash.lock().as_mut() {
            // Without the shell, what was started is still ended as it is dropped.
            let _ = leash.write_all(line.as_bytes());
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.leash.lock().take());
        let _ = self.shell.wait();
    }
}
