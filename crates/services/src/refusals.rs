//! Refusals at the edge in the audit trail: gathered in memory, and written about once a minute as one event for each code,
//! route and part of the network, with a count.
//!
//! Never on a request's own way: a stranger must not go unseen, but neither fill the trail nor hold up the writer.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use mainstay_model::{
    Timestamp,
    audit::{Actor, NewAuditEvent},
};
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    App, Code, RequestContext, Result, audit,
    background::{contained, contained_until, pause},
    limits,
};

const ACTION: &str = "edge.refused";
const ACTION_WEBHOOK: &str = "webhook.refused";
/// What stands for every route and network beyond [`limits::REFUSAL_GROUPS_MAX`].
const OTHERS: &str = "others";

/// What is counted together.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Group {
    what: What,
    network: String,
}

/// What was refused.
#[derive(Clone, PartialEq, Eq, Hash)]
enum What {
    /// A request to a route.
    Request { code: Code, route: &'static str },
    /// A delivery to a configured source; both are few.
    Webhook { source: String, fault: &'static str },
}

impl What {
    /// What stands for it when there are too many groups.
    fn of_others(&self) -> Self {
        match self {
            Self::Request { code, .. } => Self::Request { code: *code, route: OTHERS },
            Self::Webhook { .. } => self.clone(),
        }
    }
}

/// What is known of a group.
#[derive(Clone)]
struct Tally {
    count: u64,
    since: Timestamp,
    /// The first request's, which leads to its line in the log.
    request_id: String,
    /// Of deliveries that were refused for their age: the oldest one's.
    age_minutes: Option<i64>,
}

/// What waits for being written.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Group, Tally>>);

/// Counts a refused request.
pub fn note(app: &App, code: Code, route: &'static str, client: Option<IpAddr>, request_id: &str) {
    count(app, What::Request { code, route }, client, request_id, None);
}

/// Counts a refused delivery. `age_minutes` is below zero for one that lies in the future.
pub(crate) fn note_webhook(
    app: &App,
    context: &RequestContext,
    source: &str,
    fault: &'static str,
    age_minutes: Option<i64>,
) {
    let what = What::Webhook { source: source.to_owned(), fault };
    count(app, what, context.ip, &context.request_id, age_minutes);
}

fn count(app: &App, what: What, client: Option<IpAddr>, request_id: &str, age_minutes: Option<i64>) {
    let group = Group { what, network: client.map_or_else(|| "unknown".to_owned(), network) };
    let mut waiting = app.refusals.0.lock();
    let is_full = waiting.len() >= limits::REFUSAL_GROUPS_MAX && !waiting.contains_key(&group);
    let group =
        if is_full { Group { what: group.what.of_others(), network: OTHERS.to_owned() } } else { group };
    let first = || Tally { count: 0, since: app.now(), request_id: request_id.to_owned(), age_minutes };
    let tally = waiting.entry(group).or_insert_with(first);
    tally.count += 1;
    tally.age_minutes = tally.age_minutes.max(age_minutes);
}

/// The part of the network that an address lies in, too coarse to be anybody's own: the first 24 bits of IPv4, 48 of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("{}/24", Ipv4Addr::from_bits(v4.to_bits() & !0xff)),
        IpAddr::V6(v6) => format!("{}/48", Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80)),
    }
}

/// Writes what was gathered. What could not be written waits for the next time.
///
/// # Errors
/// When the database is away.
pub async fn flush(app: &App) -> Result<()> {
    let mut gathered: Vec<_> = std::mem::take(&mut *app.refusals.0.lock()).into_iter().collect();
    if gathered.is_empty() {
        return Ok(());
    }
    gathered.sort_by(|(_, a), (_, b)| a.since.cmp(&b.since).then_with(|| a.request_id.cmp(&b.request_id)));
    let events: Vec<_> = gathered.iter().map(|(group, tally)| event(app, group, tally)).collect();
    let written = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            tx.append_audit_events(&events).await?;
            Ok(tx.commit().await?)
        })
        .await;
    if written.is_err() {
        let mut waiting = app.refusals.0.lock();
        for (group, earlier) in gathered {
            let later = waiting.remove(&group).map_or(0, |tally| tally.count);
            waiting.insert(group, Tally { count: earlier.count + later, ..earlier });
        }
    }
    written
}

fn event(app: &App, group: &Group, tally: &Tally) -> NewAuditEvent {
    let context = RequestContext { request_id: tally.request_id.clone(), ..RequestContext::none() };
    let (network, count, since) = (&group.network, tally.count, tally.since);
    match &group.what {
        What::Request { code, route } => {
            let detail = json!({ "code": code.as_str(), "route": route, "network": network, "count": count, "since": since });
            audit::event(app, &context, ACTION, &Actor::Anonymous, "", detail)
        }
        What::Webhook { source, fault } => {
            let mut detail = json!({ "fault": fault, "network": network, "count": count, "since": since });
            if let Some(minutes) = tally.age_minutes {
                detail["age_minutes"] = minutes.into();
            }
            let subject = format!("webhook:{source}");
            audit::event(app, &context, ACTION_WEBHOOK, &Actor::Anonymous, subject, detail)
        }
    }
}

/// Writes now and then until `stop` is cancelled.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    while pause(limits::REFUSALS_FLUSH, &stop, std::future::pending()).await {
        contained_until("refusals", &stop, flush(&app)).await;
    }
}

/// Writes what is left, after the last request was answered.
pub async fn finish(app: &App) {
    let _ = tokio::time::timeout(limits::BACKGROUND_DRAIN, contained("refusals", flush(app))).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_nobodys_address() {
        let coarse = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(coarse("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(coarse("::ffff:203.0.113.1"), "203.0.113.0/24");
        assert_eq!(coarse("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    }
}
