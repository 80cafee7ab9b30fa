//! A server that is started for one run of one check, in a folder of its own, and ends with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, bail};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, MissedTickBehavior, interval},
};

use crate::limits;

/// The server's program.
pub(super) struct Program {
    path: PathBuf,
    /// The ports that were given away: none is used twice, so that no server is taken for another that listened there before.
    ports: Mutex<BTreeSet<u16>>,
}

/// What a server is told, by variable.
pub(super) type Settings = BTreeMap<String, String>;

/// A running server.
pub(super) struct Server {
    child: Child,
    /// Removed with everything that the server wrote, once it has ended.
    folder: TempDir,
}

impl Program {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, ports: Mutex::default() }
    }

    /// The names of the guards that it can leave out.
    ///
    /// # Errors
    /// When it can't leave any out: it is a normal build, or no server at all.
    pub(super) async fn guards(&self) -> anyhow::Result<BTreeSet<String>> {
        let shown = self.path.display();
        let folder = tempfile::tempdir()?;
        let asked = self.command(folder.path()).args(["sabotage", "--json"]).output().await;
        let output = asked.with_context(|| format!("can't start {shown}"))?;
        if !output.status.success() {
            bail!(
                "{shown} leaves no guard out, so no check can be made to fail; build the server with \
                 `cargo build -p mainstay --features sabotage`, or name such a build with --server"
            );
        }
        let guards: BTreeMap<String, String> =
            serde_json::from_slice(&output.stdout).with_context(|| format!("{shown} named no guards"))?;
        Ok(guards.into_keys().collect())
    }

    /// Starts a server that listens on this port of the loopback, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready in time; with the end of its log.
    pub(super) async fn serve(&self, port: u16, settings: &Settings) -> anyhow::Result<Server> {
        let folder = tempfile::tempdir().context("can't make a folder")?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = self
            .command(folder.path())
            .arg("serve")
            .env("MAINSTAY_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string())
            .envs(settings)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("can't start {}", self.path.display()))?;
        let mut server = Server { child, folder };
        server.ready(port).await?;
        Ok(server)
    }

    /// A port of the loopback that nobody listened on a moment ago.
    pub(super) fn free_port(&self) -> anyhow::Result<u16> {
        loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
            let port = listener.local_addr()?.port();
            if self.ports.lock().insert(port) {
                return Ok(port);
            }
        }
    }

    /// A command that inherits nothing.
    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(folder).env_clear().stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

impl Server {
    /// A new service key, as an operator makes one at the server.
    ///
    /// # Errors
    /// When the command fails; with what it said.
    pub(super) async fn service_key(
        &self,
        program: &Program,
        settings: &Settings,
        scopes: &[&str],
    ) -> anyhow::Result<String> {
        let mut command = program.command(self.folder.path());
        command.args(["service-keys", "create", "gate", "--json"]).envs(settings);
        for scope in scopes {
            command.args(["--scope", scope]);
        }
        let output = command.output().await.context("can't start the command that makes a service key")?;
        if !output.status.success() {
            bail!("no service key was made: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let made: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let key = made.get("key").and_then(serde_json::Value::as_str).context("the command named no key")?;
        Ok(key.to_owned())
    }

    async fn ready(&mut self, port: u16) -> anyhow::Result<()> {
        let http = reqwest::Client::builder().no_proxy().timeout(limits::ANSWER_TIME_MAX).build()?;
        let until = Instant::now() + limits::SERVER_START_MAX;
        let mut ticks = interval(limits::SERVER_POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < until {
            ticks.tick().await;
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once ({status}):\n{}", self.log());
            }
            let asked = http.get(format!("http://127.0.0.1:{port}/ready")).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
        }
        bail!("the server did not become ready in time:\n{}", self.log());
    }

    /// The folder into which it writes mails.
    pub(super) fn mails(&self) -> PathBuf {
        self.folder.path().join("data/mail")
    }

    /// The end of its log.
    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let left_out = text.chars().count().saturating_sub(limits::SERVER_LOG_CHARS);
        text.chars().skip(left_out).collect()
    }

    /// Ends it.
    pub(super) async fn stop(mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.child.kill().await;
    }
}
