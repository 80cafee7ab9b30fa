//! What operators see of the inbox and do with it: look, try again, replay, ignore. What they did is in the audit trail, in vain or
//! refused as well.

use mainstay_model::{
    InboxEventId,
    inbox::{InboxEvent, InboxHead, InboxState},
};
use mainstay_store::InboxFilter;
use serde_json::json;

use super::{
    due::{attempt, fail_alone, settle},
    inbox::is_poisoned,
};
use crate::{App, Caller, Code, Error, RequestContext, Result, audit, limits};

/// States in which something waits to be done.
const UNSETTLED: [InboxState; 2] = [InboxState::Failed, InboxState::SetAside];

/// Lists events, newest first, at most [`limits::PAGE_ITEMS_MAX`].
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App, filter: InboxFilter) -> Result<Vec<InboxHead>> {
    let limit = filter.limit.clamp(1, limits::PAGE_ITEMS_MAX);
    Ok(app.read().await?.inbox_heads(&InboxFilter { limit, ..filter }).await?)
}

/// Reads one event with its body.
///
/// # Errors
/// [`Code::NotFound`], or the database is away.
pub async fn get(app: &App, id: InboxEventId) -> Result<InboxEvent> {
    app.read().await?.inbox_event_by_id(id).await?.ok_or_else(Error::not_found)
}

/// Tries a failed event, or one that was set aside, at once.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Conflict`] for an event in another state, or the database is away.
pub async fn retry(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: InboxEventId,
) -> Result<InboxEvent> {
    let outcome = run_again(app, context, caller, id, ("webhook.retried", &UNSETTLED)).await;
    refusal_told(app, context, caller, id, "webhook.retry_refused", outcome).await
}

/// Has an event's effect again, in whatever state it is: what it gave before it does not give again, what was lost comes back.
///
/// # Errors
/// [`Code::NotFound`], [`Code::EventBodyRemoved`] for one that was settled long ago, or the database is away.
pub async fn replay(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: InboxEventId,
) -> Result<InboxEvent> {
    let outcome = run_again(app, context, caller, id, ("webhook.replayed", InboxState::ALL)).await;
    refusal_told(app, context, caller, id, "webhook.replay_refused", outcome).await
}

async fn run_again(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: InboxEventId,
    (action, states): (&'static str, &[InboxState]),
) -> Result<InboxEvent> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let event = tx.lock_inbox_event(id).await?.ok_or_else(Error::not_found)?;
        require(&event, states)?;
        require_body(&event)?;
        let (mut tx, event, progress) = match attempt(app, &mut *tx, &event).await {
            Ok(progress) => (tx, event, progress),
            Err(error) if is_poisoned(&error) => {
                drop(tx);
                fail_alone(app, &event, &error).await?.ok_or_else(settled_meanwhile)?
            }
            Err(error) => return Err(error.into()),
        };
        let mut detail = json!({ "before": event.head.progress.state, "after": progress.state });
        if let Some(fault) = &progress.last_error {
            detail["fault"] = fault.as_str().into();
        }
        let told = audit::event(app, context, action, &caller.actor(), subject(id), detail);
        tx.append_audit_events(&[told]).await?;
        Ok(settle(app, tx, &event, progress).await?)
    })
    .await?;
    get(app, id).await
}

/// Says that a failed event, or one that was set aside, shall have no effect.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Conflict`] for an event in another state, or the database is away.
pub async fn ignore(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: InboxEventId,
) -> Result<InboxEvent> {
    let outcome = set_ignored(app, context, caller, id).await;
    refusal_told(app, context, caller, id, "webhook.ignore_refused", outcome).await
}

async fn set_ignored(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: InboxEventId,
) -> Result<InboxEvent> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let mut event = tx.lock_inbox_event(id).await?.ok_or_else(Error::not_found)?;
        require(&event, &UNSETTLED)?;
        let progress = &mut event.head.progress;
        let detail = json!({ "before": progress.state, "fault": progress.last_error });
        (progress.state, progress.next_at, progress.updated_at) = (InboxState::Ignored, None, app.now());
        let settled = mainstay_store::InboxSettled { id, progress: progress.clone() };
        tx.settle_inbox_events(&[settled]).await?;
        let told = audit::event(app, context, "webhook.ignored", &caller.actor(), subject(id), detail);
        tx.append_audit_events(&[told]).await?;
        tx.commit().await?;
        Ok(event)
    })
    .await
}

/// Writes a refusal into the trail, for the transaction that was refused left nothing. A fault of ours is no refusal.
async fn refusal_told<T>(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: InboxEventId,
    action: &'static str,
    outcome: Result<T>,
) -> Result<T> {
    let error = match outcome {
        Err(error) if !error.is_ours() => error,
        outcome => return outcome,
    };
    let detail = json!({ "code": error.code.as_str() });
    let told = audit::event(app, context, action, &caller.actor(), subject(id), detail);
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.append_audit_events(std::slice::from_ref(&told)).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Err(error)
}

fn require(event: &InboxEvent, states: &[InboxState]) -> Result<()> {
    let state = event.head.progress.state;
    if states.contains(&state) {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("The event is {state}, and nothing waits to be done with it.")))
}

fn settled_meanwhile() -> Error {
    Error::new(Code::Conflict, "Somebody else settled the event meanwhile. Look at it again.")
}

fn require_body(event: &InboxEvent) -> Result<()> {
    if event.head.body_removed_at.is_none() {
        return Ok(());
    }
    Err(Error::new(Code::EventBodyRemoved, "What the event said was removed for its age. Its effect stands."))
}

fn subject(id: InboxEventId) -> String {
    format!("webhook_event:{id}")
}
