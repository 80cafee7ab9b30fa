//! A hosting service that answers in the documented shapes of GitHub's REST API, from a table that a test may spoil.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::repo::Service;

const TOKEN: &str = "a-token-of-the-stand-in";

/// What it answers, by path and query after the repository's name.
pub(super) type Answers = BTreeMap<&'static str, (u16, Value)>;

/// The service.
pub(super) struct Standin {
    base: url::Url,
    seen: Arc<Mutex<Vec<String>>>,
}

/// A repository at which all is well; the ruleset is the one of the fixture.
pub(super) fn answers(ruleset: &Value) -> Answers {
    let mut in_force = ruleset.clone();
    in_force["id"] = json!(7);
    in_force["source_type"] = json!("Repository");
    in_force["rules"][3]["parameters"]["dismiss_stale_reviews_on_push"] = json!(false);
    let mut rules = in_force["rules"].as_array().unwrap().clone();
    for rule in &mut rules {
        rule["ruleset_id"] = json!(7);
        rule["ruleset_source_type"] = json!("Repository");
    }
    let enabled = json!({ "status": "enabled" });
    BTreeMap::from([
        (
            "",
            (
                200,
                json!({
                    "full_name": "owner/name", "default_branch": "main",
                    "security_and_analysis": { "secret_scanning": enabled, "secret_scanning_push_protection": enabled },
                }),
            ),
        ),
        ("/rules/branches/main?per_page=100", (200, json!(rules))),
        (
            "/rulesets?per_page=100&includes_parents=false",
            (200, json!([{ "id": 7, "name": "main", "enforcement": "active" }])),
        ),
        ("/rulesets/7", (200, in_force)),
        ("/secret-scanning/alerts?state=open&per_page=100&hide_secret=true", (200, json!([]))),
        ("/vulnerability-alerts", (204, Value::Null)),
        ("/dependabot/alerts?state=open&severity=high,critical&per_page=100", (200, json!([]))),
        (
            "/actions/permissions/workflow",
            (
                200,
                json!({ "default_workflow_permissions": "read", "can_approve_pull_request_reviews": false }),
            ),
        ),
    ])
}

impl Standin {
    pub(super) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base =
            format!("http://localhost:{}/api/v3", listener.local_addr().unwrap().port()).parse().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (answers, heard) = (Arc::new(answers), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&heard)));
            }
        });
        Self { base, seen }
    }

    pub(super) fn service(&self) -> Service {
        self.service_with(TOKEN)
    }

    pub(super) fn service_with(&self, token: &str) -> Service {
        let sources =
            crate::client::Sources::new(crate::client::Trust::default(), std::slice::from_ref(&self.base));
        Service::new(sources.fresh().unwrap(), &self.base, "owner/name", SecretString::from(token)).unwrap()
    }

    /// The methods that were used.
    pub(super) fn methods(&self) -> std::collections::BTreeSet<String> {
        self.seen.lock().iter().cloned().collect()
    }
}

async fn serve(stream: TcpStream, answers: Arc<Answers>, seen: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut is_known) = (String::new(), false);
        if stream.read_line(&mut first).await.unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == "\r\n" {
                break;
            }
            is_known |= line.trim_end().eq_ignore_ascii_case(&format!("authorization: Bearer {TOKEN}"));
        }
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        seen.lock().push(method.to_owned());
        let path = path.strip_prefix("/api/v3/repos/owner/name").unwrap_or("elsewhere");
        let (status, body) = match answers.get(path) {
            _ if !is_known => (401, json!({ "message": "Bad credentials" })),
            Some((status, body)) => (*status, body.clone()),
            None => (404, json!({ "message": "Not Found" })),
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n");
        // The rules have a second page where the table has one.
        let has_more = path.starts_with("/rules/branches") && answers.contains_key("/page2");
        let link = if has_more { "link: </api/v3/repos/owner/name/page2>; rel=\"next\"\r\n" } else { "" };
        let length =
            if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        if stream.write_all(format!("{head}{link}{length}\r\n{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}
