//! Server processes under drill, and the commands of the same program.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use rustix::process::Signal;
use serde_json::Value;
use url::Url;

use super::{Keeper, Process, free_port, log_end};
use crate::{
    check::Ended,
    client::Client,
    drill::{limits, wait::Wait},
};

/// The environment of a server or of one of its commands; nothing of this process's own gets through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// The same with another value.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same without a value.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }
}

/// The program that is drilled.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    program: PathBuf,
    pub(crate) version: String,
}

impl Server {
    /// Looks whether a program is the server.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn find(program: PathBuf) -> anyhow::Result<Self> {
        let output = Command::new(&program).arg("--version").stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("{} can't be run", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match text.strip_prefix("mainstay ") {
            Some(version) if output.status.success() => Ok(Self { program, version: version.to_owned() }),
            _ => bail!("{} is no mainstay; name the server's program with --server", program.display()),
        }
    }

    fn command(&self, settings: &Settings, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(&settings.0).current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Starts a command of the program.
    pub(crate) fn start(
        &self,
        arguments: &[&str],
        settings: &Settings,
        folder: &Path,
        keeper: &Arc<Keeper>,
    ) -> Result<Process, Ended> {
        let mut command = self.command(settings, folder);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        Process::start(format!("mainstay {}", arguments.join(" ")), &mut command, Signal::KILL, keeper)
    }

    /// Runs a command of the program to its end and answers its JSON.
    ///
    /// # Errors
    /// [`Ended::Error`] when it fails, with what it said.
    pub(crate) async fn json(
        &self,
        arguments: &[&str],
        settings: &Settings,
        folder: &Path,
    ) -> Result<Value, Ended> {
        let what = format!("mainstay {}", arguments.join(" "));
        let mut command = tokio::process::Command::from(self.command(settings, folder));
        command
            .args(arguments)
            .arg("--json")
            .kill_on_drop(true)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = tokio::time::timeout(limits::COMMAND_TIME_MAX, command.output());
        let output = output.await.map_err(|_| Ended::error(format!("{what} does not come to an end")))?;
        let output = output.map_err(|error| Ended::error(format!("{what}: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Ended::error(format!("{what} ended with {}: {said}", output.status)));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| Ended::error(format!("{what}: {error}")))
    }
}

/// A server process.
pub(crate) struct Node {
    /// What it is called in messages.
    pub(crate) name: String,
    pub(crate) client: Client,
    server: Server,
    settings: Settings,
    folder: PathBuf,
    keeper: Arc<Keeper>,
    port: u16,
    log: PathBuf,
    process: Process,
}

impl Node {
    /// Starts one on a free port; whether it gets ready is another question.
    pub(crate) fn start(
        name: &str,
        server: &Server,
        settings: Settings,
        folder: &Path,
        keeper: &Arc<Keeper>,
        client: &Client,
    ) -> Result<Self, Ended> {
        let port = free_port()?;
        let log = folder.join(format!("{name}.log"));
        let base = Url::parse(&format!("http://127.0.0.1:{port}/"));
        let base = base.map_err(|error| Ended::error(error.to_string()))?;
        let settings = settings
            .with("MAINSTAY_LISTEN", format!("127.0.0.1:{port}"))
            .with("MAINSTAY_METRICS_LISTEN", "off")
            .with("MAINSTAY_LOG_FORMAT", "json");
        let process = serve(name, server, &settings, folder, &log, keeper)?;
        Ok(Self {
            name: name.to_owned(),
            client: client.at(&base),
            server: server.clone(),
            settings,
            folder: folder.to_path_buf(),
            keeper: Arc::clone(keeper),
            port,
            log,
            process,
        })
    }

    /// Waits until it says that it is ready; answers how long that took from now.
    ///
    /// # Errors
    /// [`Ended::Fail`] when it ends or takes too long, with the end of its log.
    pub(crate) async fn ready(&mut self, within: Duration) -> Result<Duration, Ended> {
        let mut wait = Wait::new(within);
        loop {
            if let Some(status) = self.process.status() {
                return Err(self.failed(&format!("ended with {status}")));
            }
            if let Ok(answer) = self.client.get("/ready").only_counted().send().await
                && answer.status == 200
            {
                return Ok(wait.elapsed());
            }
            if !wait.again().await {
                return Err(self.failed(&format!("is not ready within {} s", within.as_secs())));
            }
        }
    }

    fn failed(&self, how: &str) -> Ended {
        Ended::fail(format!("{} {how}:\n{}", self.name, log_end(&self.log)))
    }

    /// The same settings, folder and port, a new process.
    pub(crate) fn start_again(&mut self) -> Result<(), Ended> {
        self.process =
            serve(&self.name, &self.server, &self.settings, &self.folder, &self.log, &self.keeper)?;
        Ok(())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills it (`SIGKILL`).
    pub(crate) async fn kill(&mut self) -> Result<(), Ended> {
        self.process.kill().await
    }

    /// Asks it to stop (`SIGTERM`).
    pub(crate) fn terminate(&mut self) -> Result<(), Ended> {
        self.process.signal(Signal::TERM)
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, within: Duration) -> Result<ExitStatus, Ended> {
        self.process.ended(within).await
    }

    /// Whether the process that was started is still the one that runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.status().is_none()
    }

    /// What it logged, a JSON object a line.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn serve(
    name: &str,
    server: &Server,
    settings: &Settings,
    folder: &Path,
    log: &Path,
    keeper: &Arc<Keeper>,
) -> Result<Process, Ended> {
    let output = fs::OpenOptions::new().create(true).append(true).open(log);
    let output = output.map_err(|error| Ended::error(error.to_string()))?;
    let mut command = server.command(settings, folder);
    command.arg("serve").stdout(Stdio::null()).stderr(output);
    Process::start(name, &mut command, Signal::KILL, keeper)
}
