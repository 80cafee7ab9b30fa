//! Starts real processes on free ports and scratch databases, and ends them whatever a test does.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// What `X-Test-Auth` says in these tests.
pub(crate) const TEST_AUTH: &str = "a-header-for-tests-only";
/// How long anything may take that should be quick; only a hang meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is yes.
pub(crate) async fn eventually<F, Fut>(what: &str, mut ask: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let asking = async {
        loop {
            ticks.tick().await;
            if ask().await {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A folder for one test's processes, and the variables that they share.
pub(crate) struct Scratch {
    folder: TempDir,
    variables: Vec<(String, String)>,
    database: Option<(String, String)>,
}

impl Scratch {
    /// On the embedded database.
    pub(crate) fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new(), database: None }
    }

    /// On a database of its own in the scratch PostgreSQL.
    pub(crate) async fn postgres() -> Self {
        let server = service("MAINSTAY_TEST_POSTGRES_URL");
        let name = format!("it_{}", uuid::Uuid::new_v4().simple());
        let mut connection = PgConnection::connect(&server).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let mut scratch = Self::sqlite();
        scratch.set("DATABASE_URL", url.as_str());
        scratch.database = Some((server, name));
        scratch
    }

    /// Sets a variable for every process started from here on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The embedded database's file.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.path().join("data/mainstay.db")
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to this test's PostgreSQL database.
    pub(crate) async fn connection(&self) -> PgConnection {
        let url = &self.variables.iter().find(|(name, _)| name == "DATABASE_URL").unwrap().1;
        PgConnection::connect(url).await.unwrap()
    }

    /// A command of the binary with nothing of this process's environment but the search path.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and answers its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts a server and waits until it is ready.
    pub(crate) async fn serve(&self) -> Node {
        let node = self.start(&[]);
        node.ready().await;
        node
    }

    /// Starts a server; further variables are its own.
    pub(crate) fn start(&self, variables: &[(&str, &str)]) -> Node {
        let (port, metrics_port) = (free_port(), free_port());
        let log = self.path().join(format!("node-{port}.log"));
        let child = self
            .command(&["serve"])
            .env("MAINSTAY_LISTEN", format!("127.0.0.1:{port}"))
            .env("MAINSTAY_METRICS_LISTEN", format!("127.0.0.1:{metrics_port}"))
            .envs(variables.iter().copied())
            .stderr(std::fs::File::create(&log).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Node { child, port, metrics_port, log, client: client() }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Some((server, name)) = self.database.take() else { return };
        // A thread of its own, because a runtime may be running on this one.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect(&server).await {
                    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    let _ = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// The address of a scratch server; its absence is a failure and never a skip.
pub(crate) fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run this through `cargo xtask test` or `cargo xtask services -- …`")
    })
}

/// A client that follows no redirect.
pub(crate) fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build().unwrap()
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server.
pub(crate) struct Node {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) metrics_port: u16,
    log: PathBuf,
    client: Client,
}

impl Node {
    /// Waits until it is ready.
    pub(crate) async fn ready(&self) {
        eventually(&format!("ready; its log: {}", self.log()), || async {
            self.get("/ready").send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
        })
        .await;
    }

    /// A request to it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://127.0.0.1:{}{path}", self.port))
    }

    /// A GET to it.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A POST of JSON to it.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// Signs a native client in by the tests' own way; answers its tokens.
    pub(crate) async fn sign_in(&self, identity: &str) -> Value {
        let answer = self
            .post("/v1/auth/test-login", &json!({ "identity": identity }))
            .header("x-test-auth", TEST_AUTH)
            .header("mainstay-client", "bearer")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{}", self.log());
        answer.json().await.unwrap()
    }

    /// The status that `/v1/auth/me` gives to a token.
    pub(crate) async fn me(&self, token: &str) -> StatusCode {
        self.get("/v1/auth/me").bearer_auth(token).send().await.unwrap().status()
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        signal_process(self.child.id(), signal);
    }

    /// Asks it to stop and waits for it.
    pub(crate) async fn stop(&mut self) -> std::process::ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> std::process::ExitStatus {
        let mut status = None;
        let child = std::cell::RefCell::new(&mut self.child);
        let seen = std::cell::RefCell::new(&mut status);
        eventually("the process ends", || async {
            **seen.borrow_mut() = child.borrow_mut().try_wait().unwrap();
            seen.borrow().is_some()
        })
        .await;
        status.unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal_process(pid: u32, signal: &str) {
    let status = Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status().unwrap();
    assert!(status.success());
}

/// The text of an access token in a sign-in's answer.
pub(crate) fn access_token(signed_in: &Value) -> &str {
    signed_in["access_token"].as_str().unwrap()
}
