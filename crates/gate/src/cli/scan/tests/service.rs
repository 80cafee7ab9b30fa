//! A service under scan: a process of its own on a free port, gone with the test.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::python;
use crate::scan::checks;

/// What the target files name.
pub(super) const PASSWORDS: &[(&str, &str)] =
    &[("SCAN_A_PASSWORD", "first-secret-of-a"), ("SCAN_B_PASSWORD", "second-secret-of-b")];

/// A running service; of the prototype there can be several in one process.
pub(super) struct Service {
    pub(super) url: String,
    /// Addresses by what the process says behind them.
    named: BTreeMap<String, String>,
    target: PathBuf,
    /// A file, where the service does not serve it itself.
    openapi: Option<String>,
    folder: TempDir,
    has_ca: bool,
    child: Child,
}

impl Service {
    /// What a scan of it is given on the command line.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.arguments_at(&self.url)
    }

    /// The same for the prototype that makes only this mistake.
    pub(super) fn arguments_of(&self, mistake: &str) -> Vec<String> {
        self.arguments_at(&self.named[mistake])
    }

    fn arguments_at(&self, url: &str) -> Vec<String> {
        let target = self.target.display().to_string();
        let openapi = self.openapi.clone().unwrap_or_else(|| format!("{url}/openapi.json"));
        let mut arguments =
            vec![url.to_owned(), "--target".to_owned(), target, "--openapi".to_owned(), openapi];
        if self.has_ca {
            arguments.extend(["--ca-file".to_owned(), self.ca_file()]);
        }
        arguments
    }

    pub(super) fn target_file(&self) -> &Path {
        &self.target
    }

    pub(super) fn ca_file(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The prototype is one process; the script of PocketBase is asked to end, since it ends the server that it started.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(if self.has_ca { "-KILL" } else { "-TERM" }).arg(id).status();
        let _ = self.child.wait();
    }
}

fn targets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/targets")
}

/// The prototype with these mistakes: `all`, `none`, or their names.
pub(super) fn prototype(mistakes: &str) -> Service {
    prototypes(mistakes, &[], 1)
}

/// One prototype for each mistake.
pub(super) fn prototypes_of_each_mistake() -> Service {
    prototypes("none", &["--each"], checks::all().len())
}

fn prototypes(mistakes: &str, more: &[&str], count: usize) -> Service {
    let home = targets().join("prototype");
    let bin = python::environment("prototype", &home.join("requirements.txt"));
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(bin.join("python"));
    command.arg(home.join("serve.py")).arg("--ca").arg(folder.path().join("ca.pem")).args(more);
    command.env("PROTOTYPE_MISTAKES", mistakes);
    let (named, child) = started(command, count);
    let url = named.values().next().cloned().unwrap();
    Service { url, named, target: home.join("target.toml"), openapi: None, folder, has_ca: true, child }
}

/// PocketBase with two members and their notes.
pub(super) fn pocketbase(more: &[&str]) -> Service {
    let home = targets().join("pocketbase");
    let bin = python::environment("pocketbase", &home.join("requirements.txt"));
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(bin.join("python"));
    command.arg(home.join("setup.py")).arg("--pocketbase").arg(bin.join("pocketbase"));
    command.arg("--data").arg(folder.path().join("data")).args(more);
    let (named, child) = started(command, 1);
    let url = named.values().next().cloned().unwrap();
    let openapi = Some(home.join("openapi.yaml").display().to_string());
    Service { url, named, target: home.join("target.toml"), openapi, folder, has_ca: false, child }
}

/// Starts it and waits for the lines with its addresses.
fn started(mut command: Command, count: usize) -> (BTreeMap<String, String>, Child) {
    command.envs(PASSWORDS.iter().copied()).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut named = BTreeMap::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(place) = line.strip_prefix("listening on ") else { continue };
        let (url, name) = place.split_once(' ').unwrap_or((place, ""));
        named.insert(name.to_owned(), url.to_owned());
        if named.len() == count {
            return (named, child);
        }
    }
    panic!("{command:?} ended: {:?}", child.wait());
}
