//! Starts a stand-in of `standins/` and speaks with its control API. It ends with its standard input, so with the test.

use std::{path::PathBuf, process::Stdio, time::Duration};

use reqwest::Method;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

pub(crate) struct StandIn {
    child: Child,
    http: reqwest::Client,
    /// What it announced.
    pub(crate) facts: Value,
}

impl StandIn {
    pub(crate) async fn start(script: &str, arguments: &[&str]) -> Self {
        let standins = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../standins");
        let mut child = Command::new("node")
            .arg(standins.join(script))
            .args(arguments)
            .arg("--end-with-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line()).await;
        let line = line.expect("the stand-in is ready within a minute").expect("readable");
        let line = line.expect("the stand-in starts; `cargo xtask test` installs what it needs");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, http, facts: serde_json::from_str(&line).expect("one line of JSON") }
    }

    /// One of the announced facts.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.facts))
    }

    /// Gives an order and returns the answer; a refused order is a fault of the test.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.fact("control")));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the stand-in answers");
        let status = answer.status();
        let value: Value = answer.json().await.expect("JSON");
        assert!(status.is_success(), "{path}: {value}");
        value
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.control(Method::PUT, path, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.control(Method::POST, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.control(Method::GET, path, Value::Null).await
    }

    /// How often an endpoint was asked.
    pub(crate) async fn count(&self, endpoint: &str) -> u64 {
        self.get("/counters").await[endpoint].as_u64().expect("a number")
    }

    pub(crate) async fn stop(mut self) {
        self.child.kill().await.expect("it was running");
    }
}
