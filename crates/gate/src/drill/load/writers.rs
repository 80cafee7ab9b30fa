//! Members who write notes without a pause. A write that fails is tried again at the next node, as a client with several API bases
//! does it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    check::Ended,
    client::Client,
    drill::{
        judge::writes::{Attempt, Stored, Write},
        limits,
        wait::Wait,
    },
    members::Actor,
};

/// How the HTTP client tells that no connection could be made, and so nothing was sent.
pub(super) const NOT_CONNECTED: &str = "(Connect)";

/// Writers at work; dropping them stops them where they are.
pub(crate) struct Writers {
    tasks: JoinSet<Vec<Timed>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stop: CancellationToken,
    acknowledged: AtomicUsize,
}

struct Timed {
    write: Write,
    /// From the first failed attempt to the acknowledgement; nothing when none failed or none succeeded.
    failover: Option<Duration>,
}

/// What writers did.
pub(crate) struct History {
    pub(crate) writes: Vec<Write>,
    /// The longest that a write took from its first failure to its acknowledgement.
    pub(crate) slowest_failover: Duration,
    /// Writes that failed at first and were acknowledged at last.
    pub(crate) failed_over: usize,
}

impl Writers {
    /// One writer for each member; they begin at different nodes.
    pub(crate) fn start(members: &[Actor], nodes: &[Client]) -> Self {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        for (number, member) in members.iter().enumerate() {
            let members = nodes.iter().map(|node| member.at(node)).collect::<Vec<_>>();
            tasks.spawn(write_on(members, number, Arc::clone(&shared)));
        }
        Self { tasks, shared }
    }

    /// Waits until so many more writes were acknowledged.
    ///
    /// # Errors
    /// [`Ended::Fail`] when they are not in time.
    pub(crate) async fn acknowledge(&self, more: usize, within: Duration) -> Result<Duration, Ended> {
        let goal = self.shared.acknowledged.load(Ordering::Relaxed) + more;
        let mut wait = Wait::new(within);
        loop {
            let count = self.shared.acknowledged.load(Ordering::Relaxed);
            if count >= goal {
                return Ok(wait.elapsed());
            }
            if !wait.again().await {
                let done = more - (goal - count);
                return Err(Ended::fail(format!(
                    "only {done} of {more} writes were acknowledged within {} s",
                    within.as_secs()
                )));
            }
        }
    }

    /// Lets every writer end what it is at.
    pub(crate) async fn finish(mut self) -> Result<History, Ended> {
        self.shared.stop.cancel();
        let mut history = History { writes: Vec::new(), slowest_failover: Duration::ZERO, failed_over: 0 };
        while let Some(joined) = self.tasks.join_next().await {
            for timed in joined.map_err(|error| Ended::error(error.to_string()))? {
                history.writes.push(timed.write);
                if let Some(took) = timed.failover {
                    history.failed_over += 1;
                    history.slowest_failover = history.slowest_failover.max(took);
                }
            }
        }
        Ok(history)
    }
}

async fn write_on(members: Vec<Actor>, number: usize, shared: Arc<Shared>) -> Vec<Timed> {
    let mut done = Vec::new();
    let mut node = number % members.len().max(1);
    for count in 0_usize.. {
        if shared.stop.is_cancelled() {
            break;
        }
        let text = format!("writer {number} note {count}");
        let (mut attempts, mut failed) = (Vec::new(), None);
        let mut failover = None;
        loop {
            let attempt = attempt(&members[node], &text).await;
            let is_acknowledged = matches!(attempt, Attempt::Acknowledged(_));
            attempts.push(attempt);
            if is_acknowledged {
                shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                failover = failed.map(|at: Instant| at.elapsed());
                break;
            }
            failed.get_or_insert_with(Instant::now);
            if shared.stop.is_cancelled() {
                break;
            }
            node = (node + 1) % members.len();
            sleep(limits::RETRY_PAUSE).await;
        }
        done.push(Timed { write: Write { text, attempts }, failover });
        sleep(limits::WRITE_PAUSE).await;
    }
    done
}

async fn attempt(member: &Actor, text: &str) -> Attempt {
    match member.post("/v1/notes").json(&json!({ "text": text })).only_counted().send().await {
        Ok(answer) if answer.status == 201 => match answer.text_at("/id") {
            Ok(id) => Attempt::Acknowledged(id),
            Err(_) => Attempt::Unanswered,
        },
        Ok(answer) => Attempt::Refused(answer.status),
        Err(Ended::Error(why)) if why.contains(NOT_CONNECTED) => Attempt::Unreached,
        Err(_) => Attempt::Unanswered,
    }
}

/// Every note that these members find at a node.
///
/// # Errors
/// [`Ended::Error`] when a page can't be read.
pub(crate) async fn stored(members: &[Actor], node: &Client) -> Result<Vec<Stored>, Ended> {
    let mut notes = Vec::new();
    for member in members {
        let member = member.at(node);
        let mut cursor = None;
        loop {
            let mut path = format!("/v1/notes?limit={}", limits::PAGE_ITEMS);
            if let Some(cursor) = &cursor {
                path.push_str(&format!("&cursor={cursor}"));
            }
            let page = member.get(&path).only_counted().expect(200).await?.json();
            let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            let text = |item: &Value, name: &str| {
                item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            notes.extend(items.iter().map(|item| Stored { id: text(item, "id"), text: text(item, "text") }));
            cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(notes)
}
