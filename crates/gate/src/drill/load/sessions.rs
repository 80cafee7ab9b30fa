//! Members who read and refresh at changing nodes, and verifiers who fetch the key set of every node, as other back ends do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    check::Ended,
    client::Answer,
    drill::{limits, servers::Node, wait::Wait},
    members::Actor,
};

/// Reads between two refreshes of a member.
const READS_PER_REFRESH: usize = 3;

/// Members and verifiers at work; dropping them ends them.
pub(crate) struct Sessions {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    seen: Arc<Mutex<Seen>>,
}

/// What they saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Answers by what was asked and the status; 0 is no answer.
    pub(crate) answers: BTreeMap<(&'static str, u16), usize>,
    pub(crate) refreshes: usize,
    /// How many tokens each key has signed.
    pub(crate) signed: BTreeMap<String, usize>,
    /// Which node showed which key first when.
    pub(crate) shown: BTreeMap<(String, String), Instant>,
}

impl Seen {
    fn key_set(&mut self, node: &str, answer: Option<&Answer>) {
        let status = answer.map_or(0, |answer| answer.status);
        *self.answers.entry(("GET /.well-known/jwks.json", status)).or_default() += 1;
        for kid in answer.map(|answer| key_ids(&answer.json())).unwrap_or_default() {
            self.shown.entry((node.to_owned(), kid)).or_insert_with(Instant::now);
        }
    }
}

impl Sessions {
    pub(crate) fn start(members: &[Actor], nodes: &[Node]) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (number, member) in members.iter().enumerate() {
            let members = nodes.iter().map(|node| member.at(&node.client)).collect::<Vec<_>>();
            tasks.spawn(live(members, number, Arc::clone(&seen), stop.clone()));
        }
        for node in nodes {
            let (name, client) = (node.name.clone(), node.client.clone());
            let (seen, stop) = (Arc::clone(&seen), stop.clone());
            tasks.spawn(async move {
                while !stop.is_cancelled() {
                    let answer = client.get("/.well-known/jwks.json").only_counted().send().await.ok();
                    seen.lock().key_set(&name, answer.as_ref());
                    sleep(limits::SAMPLE_PAUSE).await;
                }
            });
        }
        Self { tasks, stop, seen }
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().clone()
    }

    /// Waits until a condition holds of what was seen; answers whether it did in time.
    pub(crate) async fn wait(&self, within: Duration, holds: impl Fn(&Seen) -> bool + Send + Sync) -> bool {
        let mut wait = Wait::new(within);
        while !holds(&self.seen.lock()) {
            if !wait.again().await {
                return false;
            }
        }
        true
    }

    pub(crate) async fn finish(mut self) -> Result<Seen, Ended> {
        self.stop.cancel();
        while let Some(joined) = self.tasks.join_next().await {
            joined.map_err(|error| Ended::error(error.to_string()))?;
        }
        Ok(self.seen())
    }
}

/// One member: some reads, then a refresh at the other node.
async fn live(members: Vec<Actor>, number: usize, seen: Arc<Mutex<Seen>>, stop: CancellationToken) {
    for count in number.. {
        if stop.is_cancelled() {
            return;
        }
        let member = &members[count % members.len()];
        if count % (READS_PER_REFRESH + 1) != 0 {
            let answer = member.get("/v1/auth/me").only_counted().send().await;
            let status = answer.map_or(0, |answer| answer.status);
            *seen.lock().answers.entry(("GET /v1/auth/me", status)).or_default() += 1;
        } else {
            let status = member.refresh().await.map_or(0, |answer| answer.status);
            let kid = key_id(&member.access_token());
            let mut seen = seen.lock();
            *seen.answers.entry(("POST /v1/auth/refresh", status)).or_default() += 1;
            if status == 200 {
                seen.refreshes += 1;
                *seen.signed.entry(kid).or_default() += 1;
            }
        }
        sleep(limits::WRITE_PAUSE).await;
    }
}

/// The key that signed a token (RFC 7515, 4.1.4); empty when the token is none.
fn key_id(token: &str) -> String {
    let header = token.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let header: Value = header.and_then(|header| serde_json::from_slice(&header).ok()).unwrap_or_default();
    header.get("kid").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The keys of a set (RFC 7517, 5).
fn key_ids(set: &Value) -> BTreeSet<String> {
    let keys = set.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
    keys.iter().filter_map(|key| key.get("kid")?.as_str().map(str::to_owned)).collect()
}
