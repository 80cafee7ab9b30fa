//! Events whose effect failed are tried again, with growing pauses, and set aside for a person after the last try.

use std::sync::Arc;

use mainstay_model::{
    audit::Actor,
    inbox::{InboxEvent, InboxProgress, InboxState},
};
use mainstay_store::{self as store, Access, InboxSettled, Tx};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    effect, event,
    inbox::{failed, is_poisoned},
    verify::Signed,
};
use crate::{
    App, Result, audit,
    background::{contained_until, pause},
    limits,
    purchases::{self, Terms, Told},
};

/// Tries every failed event again that is due, a transaction each, and answers how many.
///
/// # Errors
/// When the database is away. An effect that fails again is no error.
pub async fn run_due(app: &App) -> Result<usize> {
    let mut tried = 0;
    while tried < limits::WEBHOOK_DUE_MAX && app.retrying(|| try_next(app)).await? {
        tried += 1;
    }
    Ok(tried)
}

/// Tries the one that has waited longest. Answers whether there was one.
async fn try_next(app: &App) -> Result<bool> {
    let mut tx = app.store.begin(Access::Write).await?;
    let Some(event) = tx.lock_due_inbox_events(app.now(), 1).await?.into_iter().next() else {
        return Ok(false);
    };
    match attempt(app, &mut *tx, &event).await {
        Ok(progress) => settle(app, tx, &event, progress).await?,
        Err(error) if is_poisoned(&error) => {
            drop(tx);
            if let Some((tx, event, progress)) = fail_alone(app, &event, &error).await? {
                settle(app, tx, &event, progress).await?;
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

/// Has the effect of an event once more; effects bear that.
pub(super) async fn attempt(app: &App, tx: &mut dyn Tx, event: &InboxEvent) -> store::Result<InboxProgress> {
    let attempts = event.head.progress.attempts;
    let fault = match read_effect(app, event) {
        Err(fault) => fault,
        Ok(None) => return Ok(settled(app, InboxState::Ignored, attempts)),
        Ok(Some(told)) => {
            purchases::apply(tx, &Terms::of(app), &[&told]).await?;
            return Ok(settled(app, InboxState::Done, attempts + 1));
        }
    };
    Ok(failed(&app.ports, attempts, fault))
}

/// Reads anew what an event does: a newer release may read what an older one could not.
fn read_effect(app: &App, event: &InboxEvent) -> Result<Option<Told>, &'static str> {
    let source = app.settings.webhook_sources.get(&event.head.source).ok_or("source_gone")?;
    let signed = Signed { event_id: Some(event.head.event_id.clone()), at: None };
    let told = event::read(source.scheme(), signed, &event.body).map_err(event::Unreadable::as_str)?;
    let effect = effect::read(source.scheme(), &told.kind, &told.document).map_err(effect::Unfit::as_str)?;
    Ok(effect.map(|effect| Told::new(&app.buyer_key, source.name(), effect)))
}

fn settled(app: &App, state: InboxState, attempts: i64) -> InboxProgress {
    InboxProgress { state, attempts, next_at: None, last_error: None, updated_at: app.now() }
}

/// Writes how far an event has come, and tells of it.
pub(super) async fn settle(
    app: &App,
    mut tx: Box<dyn Tx>,
    event: &InboxEvent,
    progress: InboxProgress,
) -> store::Result<()> {
    let head = &event.head;
    tx.settle_inbox_events(&[InboxSettled { id: head.id, progress: progress.clone() }]).await?;
    if progress.state == InboxState::SetAside {
        let detail = json!({ "event": head.id, "attempts": progress.attempts, "fault": progress.last_error });
        let subject = format!("webhook:{}", head.source);
        let told = audit::event_by(&app.ports, "", "webhook.set_aside", &Actor::System, subject, detail);
        tx.append_audit_events(&[told]).await?;
    }
    tx.commit().await?;
    metrics::counter!("mainstay_webhook_effects_total", "outcome" => progress.state.as_str()).increment(1);
    let (id, source, fault) = (head.id, head.source.as_str(), progress.last_error.as_deref());
    match progress.state {
        InboxState::SetAside => {
            tracing::error!(event = "webhook.set_aside", id = %id, source, fault, attempts = progress.attempts);
        }
        InboxState::Failed => {
            tracing::warn!(event = "webhook.failed", id = %id, source, fault, attempts = progress.attempts);
        }
        InboxState::Done | InboxState::Ignored => {}
    }
    Ok(())
}

/// The effect broke its transaction: that it failed is to be settled in another, which is answered. None when the event is gone.
pub(super) async fn fail_alone(
    app: &App,
    event: &InboxEvent,
    cause: &store::Error,
) -> Result<Option<(Box<dyn Tx>, InboxEvent, InboxProgress)>> {
    tracing::error!(event = "webhook.poisoned", id = %event.head.id, cause = cause.to_string());
    let mut tx = app.write().await?;
    let before = &event.head.progress;
    let Some(event) = tx.lock_inbox_event(event.head.id).await? else { return Ok(None) };
    // Somebody else settled it, or tried it, meanwhile: that stands.
    if event.head.progress != *before {
        return Ok(None);
    }
    let progress = failed(&app.ports, event.head.progress.attempts, "poisoned");
    Ok(Some((tx, event, progress)))
}

/// Tries failed events again as they become due, until `stop` is cancelled.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    loop {
        let tried = contained_until("webhooks", &stop, run_due(&app)).await;
        contained_until("webhooks_gauges", &stop, measure(&app)).await;
        if tried == Some(limits::WEBHOOK_DUE_MAX) && !stop.is_cancelled() {
            continue;
        }
        if !pause(limits::WEBHOOK_POLL, &stop, std::future::pending()).await {
            break;
        }
    }
}

async fn measure(app: &App) -> Result<()> {
    let (failed, set_aside) = app.read().await?.inbox_counts().await?;
    metrics::gauge!("mainstay_webhook_events_failed").set(failed as f64);
    metrics::gauge!("mainstay_webhook_events_set_aside").set(set_aside as f64);
    Ok(())
}
