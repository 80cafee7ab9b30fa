//! Removing what has run out: sessions, ceremonies, flows, spent values and retired keys (SES-6). What expired is refused by
//! its check anyway; this keeps the tables small.

use std::sync::Arc;

use mainstay_store::ExpiredRows;
use tokio_util::sync::CancellationToken;

use crate::{
    App, Result,
    background::{contained_until, pause},
    limits, sessions,
};

const LEASE: &str = "retention";

/// One run, unless another one began less than [`limits::RETENTION_INTERVAL`] ago on any node; then nothing is removed.
/// Large leftovers are removed in batches, a transaction each.
///
/// # Errors
/// When the database is away. Batches that were done stay done.
pub async fn run_once(app: &App) -> Result<ExpiredRows> {
    let mut removed = ExpiredRows::default();
    if !take_turn(app).await? {
        return Ok(removed);
    }
    for _ in 0..limits::RETENTION_BATCHES_MAX {
        let batch = app.retrying(|| remove_batch(app)).await?;
        count(&batch);
        add(&mut removed, &batch);
        let largest = [batch.sessions, batch.ceremonies, batch.oauth_flows, batch.email_flows, batch.spent];
        if largest.into_iter().max() < Some(u64::from(limits::RETENTION_BATCH)) {
            break;
        }
    }
    let keys = sessions::keys::remove_retired(app).await?;
    metrics::counter!("mainstay_retention_removed_total", "kind" => "signing_keys").increment(keys);
    tracing::info!(event = "retention.done", rows = removed.total(), signing_keys = keys);
    Ok(removed)
}

async fn take_turn(app: &App) -> Result<bool> {
    // A holder of its own for each run: even the same node waits for the interval to pass.
    let holder = app.new_uuid().to_string();
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let now = app.now();
        let is_taken = tx.take_lease(LEASE, &holder, now, now + limits::RETENTION_INTERVAL).await?;
        tx.commit().await?;
        Ok(is_taken)
    })
    .await
}

async fn remove_batch(app: &App) -> Result<ExpiredRows> {
    let mut tx = app.write().await?;
    let now = app.now();
    let removed = tx.delete_expired(now, now - limits::ENDED_SESSION_KEPT, limits::RETENTION_BATCH).await?;
    tx.commit().await?;
    Ok(removed)
}

fn count(rows: &ExpiredRows) {
    for (kind, removed) in [
        ("sessions", rows.sessions),
        ("ceremonies", rows.ceremonies),
        ("oauth_flows", rows.oauth_flows),
        ("email_flows", rows.email_flows),
        ("spent", rows.spent),
    ] {
        metrics::counter!("mainstay_retention_removed_total", "kind" => kind).increment(removed);
    }
}

fn add(sum: &mut ExpiredRows, rows: &ExpiredRows) {
    sum.sessions += rows.sessions;
    sum.ceremonies += rows.ceremonies;
    sum.oauth_flows += rows.oauth_flows;
    sum.email_flows += rows.email_flows;
    sum.spent += rows.spent;
}

/// Runs now and then until `stop` is cancelled.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    loop {
        contained_until("retention", &stop, run_once(&app)).await;
        if !pause(limits::RETENTION_INTERVAL, &stop, std::future::pending()).await {
            break;
        }
    }
}
