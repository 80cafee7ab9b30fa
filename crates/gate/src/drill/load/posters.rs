//! Clients who post a fixed number of transfers, so many at a time, each under a key of its own. What is not acknowledged is sent again
//! under the same key at the next node, as a client with several API bases does it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::{join_all, try_join_all};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use super::writers::NOT_CONNECTED;
use crate::{
    check::Ended,
    client::Client,
    drill::{
        judge::postings::{Attempt, Line, Posting},
        limits,
        wait::Wait,
    },
    members::Actor,
};

/// Posters at work; dropping them stops them where they are.
pub(crate) struct Posters {
    tasks: JoinSet<Vec<Posting>>,
    shared: Arc<Shared>,
}

struct Shared {
    /// By node, then by number.
    members: Vec<Vec<Actor>>,
    next: AtomicUsize,
    acknowledged: AtomicUsize,
    stop: CancellationToken,
}

impl Posters {
    /// Begins to post between these members.
    pub(crate) fn start(members: &[Actor], nodes: &[Client]) -> Self {
        let at = |node: &Client| members.iter().map(|member| member.at(node)).collect();
        let shared = Arc::new(Shared {
            members: nodes.iter().map(at).collect(),
            next: AtomicUsize::new(0),
            acknowledged: AtomicUsize::new(0),
            stop: CancellationToken::new(),
        });
        let mut tasks = JoinSet::new();
        for number in 0..limits::POSTINGS_AT_ONCE {
            tasks.spawn(post_on(number, Arc::clone(&shared)));
        }
        Self { tasks, shared }
    }

    /// Waits until so many were acknowledged in all.
    ///
    /// # Errors
    /// [`Ended::Fail`] when they are not in time.
    pub(crate) async fn acknowledged(&self, count: usize, within: Duration) -> Result<usize, Ended> {
        let mut wait = Wait::new(within);
        loop {
            let done = self.shared.acknowledged.load(Ordering::Relaxed);
            if done >= count {
                return Ok(done);
            }
            if !wait.again().await {
                self.shared.stop.cancel();
                let seconds = within.as_secs();
                return Err(Ended::fail(format!(
                    "only {done} of {count} postings were acknowledged within {seconds} s"
                )));
            }
        }
    }

    /// Waits for their ends.
    pub(crate) async fn finish(mut self) -> Result<Vec<Posting>, Ended> {
        let mut postings = Vec::with_capacity(limits::POSTINGS);
        while let Some(joined) = self.tasks.join_next().await {
            postings.extend(joined.map_err(|error| Ended::error(error.to_string()))?);
        }
        Ok(postings)
    }
}

async fn post_on(number: usize, shared: Arc<Shared>) -> Vec<Posting> {
    let mut done = Vec::new();
    let mut node = number % shared.members.len();
    loop {
        let count = shared.next.fetch_add(1, Ordering::Relaxed);
        if count >= limits::POSTINGS {
            return done;
        }
        let members = shared.members[node].len();
        let from = count % members;
        let mut posting = Posting {
            key: format!("posting-{count}"),
            from,
            // Everybody sends to everybody; never to themselves.
            to: (from + 1 + count / members % (members - 1)) % members,
            points: 1 + i64::from(count.is_multiple_of(2)),
            attempts: Vec::new(),
            replay: Attempt::Unreached,
        };
        while !shared.stop.is_cancelled() {
            let attempt = attempt(&shared.members[node], &posting).await;
            let is_acknowledged = matches!(attempt, Attempt::Acknowledged { .. });
            posting.attempts.push(attempt);
            if is_acknowledged {
                shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                break;
            }
            node = (node + 1) % shared.members.len();
            sleep(limits::RETRY_PAUSE).await;
        }
        done.push(posting);
    }
}

async fn attempt(members: &[Actor], posting: &Posting) -> Attempt {
    let call = members[posting.from].post("/v1/wallet/transfers").header("idempotency-key", &posting.key);
    let body =
        json!({ "to": members[posting.to].member_id, "amount": posting.points, "reason": posting.key });
    match call.json(&body).only_counted().send().await {
        Ok(answer) if answer.status == 201 => match answer.text_at("/id") {
            Ok(transfer) => {
                let is_replay = answer.header("idempotent-replayed") == Some("true");
                Attempt::Acknowledged { transfer, is_replay }
            }
            Err(_) => Attempt::Unanswered,
        },
        Ok(answer) => Attempt::Refused(answer.status),
        Err(Ended::Error(why)) if why.contains(NOT_CONNECTED) => Attempt::Unreached,
        Err(_) => Attempt::Unanswered,
    }
}

/// Sends each posting once more under its key, at a node, and writes down what that came to.
pub(crate) async fn replay(postings: &mut [Posting], members: &[Actor], node: &Client) {
    let members = members.iter().map(|member| member.at(node)).collect::<Vec<_>>();
    let members = members.as_slice();
    let each = postings.len().div_ceil(limits::POSTINGS_AT_ONCE).max(1);
    let chunks = postings.chunks_mut(each).map(|chunk| async move {
        for posting in chunk {
            posting.replay = attempt(members, posting).await;
        }
    });
    join_all(chunks).await;
}

/// Every line of the statements that these members find at a node, and what they have.
///
/// # Errors
/// [`Ended::Error`] when a page can't be read.
pub(crate) async fn books(members: &[Actor], node: &Client) -> Result<(Vec<Line>, Vec<i64>), Ended> {
    let read = members.iter().enumerate().map(|(number, member)| statement(number, member.at(node)));
    let read = try_join_all(read).await?;
    let (lines, balances): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    Ok((lines.concat(), balances))
}

async fn statement(number: usize, member: Actor) -> Result<(Vec<Line>, i64), Ended> {
    let (mut lines, mut cursor) = (Vec::new(), None);
    loop {
        let mut path = format!("/v1/wallet/statement?limit={}", limits::STATEMENT_LINES);
        if let Some(cursor) = &cursor {
            path.push_str(&format!("&cursor={cursor}"));
        }
        let page = member.get(&path).only_counted().expect(200).await?.json();
        for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let points = item.get("amount").and_then(Value::as_i64).unwrap_or_default();
            lines.push(Line {
                member: number,
                transfer: text("transfer_id"),
                reason: text("reason"),
                points,
            });
        }
        cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let wallet = member.get("/v1/wallet").only_counted().expect(200).await?.json();
    let balance = wallet.get("balance").and_then(Value::as_i64);
    balance.map(|balance| (lines, balance)).ok_or_else(|| Ended::error("a wallet has no balance"))
}
