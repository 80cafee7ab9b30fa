//! Removing the oldest events, where a deployment keeps them for a bounded time: by whole days, from the beginning of the chain on,
//! and never without an event that tells where it begins now, so that the rest can still be verified.

use std::time::Duration;

use mainstay_model::{Timestamp, audit::Actor};
use mainstay_store::AuditFilter;
use serde_json::{Value, json};

use super::event;
use crate::{App, RequestContext, Result, crypto::encode, limits};

const ACTION: &str = "audit.removed";
const DAY_SECONDS: i64 = 24 * 3600;

/// Removes what is older than `kept`, at most [`limits::AUDIT_REMOVAL_BATCH`] events. Answers how many; zero on most runs, since it is
/// done once for each day that has passed.
///
/// # Errors
/// When the database is away.
pub(crate) async fn remove_batch(app: &App, kept: Duration) -> Result<u64> {
    let cutoff = start_of_day(app.now() - kept);
    let (base, _) = app.read().await?.audit_base().await?;
    let page = app.read().await?.audit_chain(base, limits::AUDIT_REMOVAL_BATCH).await?;
    // Only what is old without a gap: a clock that was wrong for a while must not tear the chain.
    let Some(last) = page.iter().take_while(|event| event.at < cutoff).last() else { return Ok(0) };
    let mut tx = app.write().await?;
    let removed = tx.remove_audit_events((last.sequence, last.hash)).await?;
    let detail = json!({ "through": last.sequence, "hash": encode(&last.hash), "events": removed });
    let told = event(app, &RequestContext::none(), ACTION, &Actor::System, "", detail);
    tx.append_audit_events(&[told]).await?;
    tx.commit().await?;
    Ok(removed)
}

/// Whether the newest event about it tells that the trail begins after this one.
pub(super) async fn is_told(app: &App, through: i64, hash: &[u8; 32]) -> Result<bool> {
    let filter = AuditFilter { action: Some(ACTION.to_owned()), limit: 1, ..AuditFilter::default() };
    let newest = app.read().await?.audit_events(&filter).await?;
    Ok(newest.first().is_some_and(|event| {
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        detail["through"] == through && detail["hash"] == encode(hash)
    }))
}

fn start_of_day(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds().div_euclid(DAY_SECONDS) * DAY_SECONDS)
}
