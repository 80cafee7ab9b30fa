//! Removing what has run out: sessions, ceremonies, flows, spent values, jobs that nobody looked after, keys of postings, old outgoing
//! events, what settled purchase webhooks said, and retired keys (SES-6). What expired is refused by its check anyway; this keeps the tables small.

use std::sync::Arc;

use mainstay_store::{ExpiredBefore, ExpiredRows};
use tokio_util::sync::CancellationToken;

use crate::{
    App, Result, audit,
    background::{contained_until, pause, take_turn},
    limits, resealing, sessions,
};

const LEASE: &str = "retention";

/// One run, unless another one began less than [`limits::RETENTION_INTERVAL`] ago on any node; then nothing is removed.
/// Large leftovers are removed in batches, a transaction each.
///
/// # Errors
/// When the database is away. Batches that were done stay done.
pub async fn run_once(app: &App) -> Result<ExpiredRows> {
    let mut removed = ExpiredRows::default();
    if !take_turn(app, LEASE, limits::RETENTION_INTERVAL).await? {
        return Ok(removed);
    }
    for _ in 0..limits::RETENTION_BATCHES_MAX {
        let batch = app.retrying(|| remove_batch(app)).await?;
        count(&batch);
        add(&mut removed, &batch);
        if kinds(&batch).into_iter().map(|(_, removed)| removed).max()
            < Some(u64::from(limits::RETENTION_BATCH))
        {
            break;
        }
    }
    let events = remove_audit_events(app).await?;
    let keys = sessions::keys::remove_retired(app).await?;
    metrics::counter!("mainstay_retention_removed_total", "kind" => "signing_keys").increment(keys);
    tracing::info!(
        event = "retention.done",
        rows = removed.total(),
        audit_events = events,
        signing_keys = keys
    );
    Ok(removed)
}

/// The oldest audit events, where they are not kept for ever.
async fn remove_audit_events(app: &App) -> Result<u64> {
    let Some(kept) = app.settings.audit_kept else { return Ok(0) };
    let mut removed = 0;
    for _ in 0..limits::RETENTION_BATCHES_MAX {
        let batch = app.retrying(|| audit::retention::remove_batch(app, kept)).await?;
        metrics::counter!("mainstay_retention_removed_total", "kind" => "audit_events").increment(batch);
        removed += batch;
        if batch < u64::from(limits::AUDIT_REMOVAL_BATCH) {
            break;
        }
    }
    Ok(removed)
}

async fn remove_batch(app: &App) -> Result<ExpiredRows> {
    let mut tx = app.write().await?;
    let now = app.now();
    let before = ExpiredBefore {
        flows: now,
        sessions: now - limits::ENDED_SESSION_KEPT,
        jobs: now - limits::JOB_SET_ASIDE_KEPT,
        posting_keys: now - limits::IDEMPOTENCY_KEY_KEPT,
        outgoing_events: now - limits::OUTGOING_EVENT_KEPT,
        inbox_bodies: now - app.settings.webhook_bodies_kept,
    };
    let removed = tx.delete_expired(&before, now, limits::RETENTION_BATCH).await?;
    tx.commit().await?;
    Ok(removed)
}

fn count(rows: &ExpiredRows) {
    for (kind, removed) in kinds(rows) {
        metrics::counter!("mainstay_retention_removed_total", "kind" => kind).increment(removed);
    }
}

const fn kinds(rows: &ExpiredRows) -> [(&'static str, u64); 10] {
    [
        ("sessions", rows.sessions),
        ("ceremonies", rows.ceremonies),
        ("oauth_flows", rows.oauth_flows),
        ("email_flows", rows.email_flows),
        ("spent", rows.spent),
        ("jobs", rows.jobs),
        ("posting_keys", rows.posting_keys),
        ("outgoing_events", rows.outgoing_events),
        ("endpoint_secrets", rows.endpoint_secrets),
        ("inbox_bodies", rows.inbox_bodies),
    ]
}

fn add(sum: &mut ExpiredRows, rows: &ExpiredRows) {
    sum.sessions += rows.sessions;
    sum.ceremonies += rows.ceremonies;
    sum.oauth_flows += rows.oauth_flows;
    sum.email_flows += rows.email_flows;
    sum.spent += rows.spent;
    sum.jobs += rows.jobs;
    sum.posting_keys += rows.posting_keys;
    sum.outgoing_events += rows.outgoing_events;
    sum.endpoint_secrets += rows.endpoint_secrets;
    sum.inbox_bodies += rows.inbox_bodies;
}

/// Runs now and then, and has sealed values [sealed anew](resealing), until `stop` is cancelled.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    loop {
        contained_until("retention", &stop, run_once(&app)).await;
        contained_until("resealing", &stop, resealing::run_once(&app)).await;
        if !pause(limits::RETENTION_INTERVAL, &stop, std::future::pending()).await {
            break;
        }
    }
}
