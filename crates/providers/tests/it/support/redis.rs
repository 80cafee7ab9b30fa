//! Redis: the scratch server of the test run, one of the test's own to stop and freeze, and a way there that can swallow everything.

use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use mainstay_providers::RedisConfig;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::watch,
};

use super::{oidc::random_text, until};

/// The run's scratch server, with a prefix of the test's own.
pub(crate) fn shared() -> RedisConfig {
    let url = std::env::var("MAINSTAY_TEST_REDIS_URL")
        .expect("MAINSTAY_TEST_REDIS_URL names a scratch Redis; `cargo xtask test` starts one and sets it");
    RedisConfig { url: url.into(), prefix: format!("test-{}:", random_text()), roots: None }
}

pub(crate) fn client(config: &RedisConfig) -> redis::Client {
    use secrecy::ExposeSecret;
    redis::Client::open(config.url.expose_secret()).expect("a URL")
}

/// A server that belongs to one test.
pub(crate) struct OwnRedis {
    child: Child,
    folder: TempDir,
    pub(crate) port: u16,
}

impl OwnRedis {
    pub(crate) async fn start() -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
        let folder = tempfile::tempdir().expect("a folder");
        let own = Self { child: spawn(port, folder.path()), folder, port };
        own.answers().await;
        own
    }

    pub(crate) fn config(&self) -> RedisConfig {
        at(self.port)
    }

    async fn answers(&self) {
        let client = client(&self.config());
        until("Redis answers", Duration::from_secs(20), async || {
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("PING").exec_async(&mut connection).await.ok()
        })
        .await;
    }

    /// It no longer runs, but its connections stay: `-STOP`, `-CONT`.
    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let status = Command::new("kill").args([signal, &id]).status().await.expect("kill runs");
        assert!(status.success());
    }

    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Again, empty, on the same port.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, self.folder.path());
        self.answers().await;
    }
}

fn at(port: u16) -> RedisConfig {
    RedisConfig::new(format!("redis://127.0.0.1:{port}/").into())
}

fn spawn(port: u16, folder: &Path) -> Child {
    Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
        ])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server starts; `cargo xtask setup --tests` installs it")
}

/// A way to a server that, when told, swallows everything in both directions without closing anything: new connections are taken
/// and never answered, and what was lost stays lost.
pub(crate) struct Tunnel {
    pub(crate) port: u16,
    hole: watch::Sender<bool>,
    taken: Arc<AtomicUsize>,
}

impl Tunnel {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("bound").port();
        let (hole, is_hole) = watch::channel(false);
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((inward, _)) = listener.accept().await {
                count.fetch_add(1, SeqCst);
                let outward = TcpStream::connect(("127.0.0.1", port)).await.expect("the server is there");
                let (from_client, to_client) = inward.into_split();
                let (from_server, to_server) = outward.into_split();
                tokio::spawn(pump(from_client, to_server, is_hole.clone()));
                tokio::spawn(pump(from_server, to_client, is_hole.clone()));
            }
        });
        Self { port: own, hole, taken }
    }

    pub(crate) fn config(&self) -> RedisConfig {
        at(self.port)
    }

    /// How many connections it took so far.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(SeqCst)
    }

    pub(crate) fn swallow(&self, everything: bool) {
        self.hole.send_replace(everything);
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    is_hole: watch::Receiver<bool>,
) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if !*is_hole.borrow() && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
