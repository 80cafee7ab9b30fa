//! A payment provider: it delivers a fixed number of signed events, so many at a time. What is not acknowledged it delivers again, signed
//! anew, at the next node; and now and then also what is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use super::writers::NOT_CONNECTED;
use crate::{
    check::Ended,
    client::Client,
    drill::{
        judge::webhooks::{Attempt, Credit, Delivery, Kept},
        limits,
        wait::Wait,
    },
    members::Actor,
    webhook::{self, Event, Source},
};

/// Where the rule of the drill counts.
pub(crate) const CURRENCY: &str = "XTS";

/// Senders at work; dropping them stops them where they are.
pub(crate) struct Senders {
    tasks: JoinSet<Vec<Delivery>>,
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    nodes: Vec<Client>,
    /// What the till knows members by.
    codes: Vec<String>,
    next: AtomicUsize,
    acknowledged: AtomicUsize,
    stop: CancellationToken,
}

impl Senders {
    /// Begins to tell these nodes of purchases of whoever has these codes.
    pub(crate) fn start(source: &Source, codes: &[String], nodes: &[Client]) -> Self {
        let shared = Arc::new(Shared {
            source: source.clone(),
            nodes: nodes.to_vec(),
            codes: codes.to_vec(),
            next: AtomicUsize::new(0),
            acknowledged: AtomicUsize::new(0),
            stop: CancellationToken::new(),
        });
        let mut tasks = JoinSet::new();
        for number in 0..limits::DELIVERIES_AT_ONCE {
            tasks.spawn(send_on(number, Arc::clone(&shared)));
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
                    "only {done} of {count} events were acknowledged within {seconds} s"
                )));
            }
        }
    }

    /// Waits for their ends.
    pub(crate) async fn finish(mut self) -> Result<Vec<Delivery>, Ended> {
        let mut deliveries = Vec::with_capacity(limits::DELIVERIES);
        while let Some(joined) = self.tasks.join_next().await {
            deliveries.extend(joined.map_err(|error| Ended::error(error.to_string()))?);
        }
        Ok(deliveries)
    }
}

async fn send_on(number: usize, shared: Arc<Shared>) -> Vec<Delivery> {
    let mut done = Vec::new();
    let mut node = number % shared.nodes.len();
    loop {
        let count = shared.next.fetch_add(1, Ordering::Relaxed);
        if count >= limits::DELIVERIES {
            return done;
        }
        let member = count % shared.codes.len();
        // No two purchases are worth the same, so that a statement tells them apart.
        let points = i64::try_from(count + 1).unwrap_or(i64::MAX);
        let event = purchase(count, points, &shared.codes[member]);
        let (mut attempts, mut again) = (Vec::new(), Vec::new());
        while !shared.stop.is_cancelled() {
            let attempt = deliver(&shared, node, &event).await;
            attempts.push(attempt);
            if matches!(attempt, Attempt::Recorded | Attempt::Duplicate) {
                shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                break;
            }
            node = (node + 1) % shared.nodes.len();
            sleep(limits::RETRY_PAUSE).await;
        }
        if count.is_multiple_of(limits::DELIVERED_AGAIN_EACH) {
            again.push(deliver(&shared, (node + 1) % shared.nodes.len(), &event).await);
        }
        done.push(Delivery { event: event.id, member, points, attempts, again });
    }
}

fn purchase(count: usize, amount: i64, code: &str) -> Event {
    let data = json!({
        "purchase_id": format!("purchase-{count}"), "amount": amount, "currency": CURRENCY,
        "occurred_at": webhook::moment(), "customer": { "code": code },
    });
    Event::named(&format!("event-{count}"), "purchase.completed", &data)
}

async fn deliver(shared: &Shared, node: usize, event: &Event) -> Attempt {
    match shared.source.delivery(&shared.nodes[node], event).only_counted().send().await {
        Ok(answer) if answer.status == 200 => match answer.text_at("/status").as_deref() {
            Ok("recorded") => Attempt::Recorded,
            Ok("duplicate") => Attempt::Duplicate,
            _ => Attempt::Refused(answer.status),
        },
        Ok(answer) => Attempt::Refused(answer.status),
        Err(Ended::Error(why)) if why.contains(NOT_CONNECTED) => Attempt::Unreached,
        Err(_) => Attempt::Unanswered,
    }
}

/// All that an operator finds in a source's inbox.
///
/// # Errors
/// [`Ended::Error`] when a page can't be read.
pub(crate) async fn inbox(operator: &Actor, source: &str) -> Result<Vec<Kept>, Ended> {
    let path = format!("/v1/operator/inbox?source={source}&limit={}", limits::PAGE_ITEMS);
    let mut kept = Vec::new();
    for item in pages(operator, &path).await? {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        kept.push(Kept { event: text("event_id"), state: text("state") });
    }
    Ok(kept)
}

/// Every line of the statements that these members find at a node, and what they have.
///
/// # Errors
/// [`Ended::Error`] when a page can't be read.
pub(crate) async fn credits(members: &[Actor], node: &Client) -> Result<(Vec<Credit>, Vec<i64>), Ended> {
    let read = members.iter().enumerate().map(|(number, member)| credited(number, member.at(node)));
    let (lines, balances): (Vec<_>, Vec<_>) = try_join_all(read).await?.into_iter().unzip();
    Ok((lines.concat(), balances))
}

async fn credited(number: usize, member: Actor) -> Result<(Vec<Credit>, i64), Ended> {
    let path = format!("/v1/wallet/statement?limit={}", limits::STATEMENT_LINES);
    let lines = pages(&member, &path).await?;
    let points = |line: &Value| line.get("amount").and_then(Value::as_i64).unwrap_or_default();
    let lines = lines.iter().map(|line| Credit { member: number, points: points(line) }).collect();
    let wallet = member.get("/v1/wallet").only_counted().expect(200).await?.json();
    let balance = wallet.get("balance").and_then(Value::as_i64);
    balance.map(|balance| (lines, balance)).ok_or_else(|| Ended::error("a wallet has no balance"))
}

/// The items of all pages.
async fn pages(reader: &Actor, path: &str) -> Result<Vec<Value>, Ended> {
    let (mut items, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = reader.get(&next).only_counted().expect(200).await?.json();
        items.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
        let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) else { return Ok(items) };
        next = format!("{path}&cursor={cursor}");
    }
}
