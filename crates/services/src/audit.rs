//! The audit trail: events are written into the transaction of what they tell about, and the chain can be verified.

pub mod retention;

use mainstay_model::{
    AuditEventId,
    audit::{Actor, AuditEvent, NewAuditEvent},
};
pub use mainstay_store::AuditFilter;

use crate::{App, RequestContext, Result, crypto, limits, ports::Ports};

/// Makes an event of this moment. `detail` must hold no personal data and no secret.
#[must_use]
pub fn event(
    app: &App,
    context: &RequestContext,
    action: &'static str,
    actor: &Actor,
    subject: impl std::fmt::Display,
    detail: serde_json::Value,
) -> NewAuditEvent {
    event_by(&app.ports, &context.request_id, action, actor, subject, detail)
}

/// The same for what has no application yet: the writer of a batch.
#[must_use]
pub(crate) fn event_by(
    ports: &Ports,
    request_id: &str,
    action: &'static str,
    actor: &Actor,
    subject: impl std::fmt::Display,
    detail: serde_json::Value,
) -> NewAuditEvent {
    metrics::counter!("mainstay_audit_events_total", "action" => action).increment(1);
    let at = ports.clock.now();
    NewAuditEvent {
        id: AuditEventId::new(ports.random.uuid(at)),
        at,
        action,
        actor: actor.to_text(),
        subject: subject.to_string(),
        request_id: request_id.to_owned(),
        detail,
    }
}

/// Lists events, newest first, at most [`limits::PAGE_ITEMS_MAX`].
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App, filter: AuditFilter) -> Result<Vec<AuditEvent>> {
    let limit = filter.limit.clamp(1, limits::PAGE_ITEMS_MAX);
    Ok(app.read().await?.audit_events(&AuditFilter { limit, ..filter }).await?)
}

/// What is wrong with the first event that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its number is not the one after that of the event before: something was removed.
    #[error("an event is missing")]
    Missing,
    /// It does not name the hash of the event before: that one was exchanged, or this one inserted.
    #[error("the event is not tied to the one before")]
    Untied,
    /// Its own hash is not that of its content.
    #[error("the event was changed")]
    Changed,
    /// The trail begins later than with its first event, and no event of it tells that the earlier ones were removed.
    #[error("the beginning was removed, and the trail does not tell so")]
    BaseUntold,
    /// It is the newest by number, but not the one that the chain's head states.
    #[error("the newest event is not the one that the head of the chain states")]
    HeadDiffers,
}

/// What verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Events that are whole, from the first that is kept on.
    pub events: i64,
    /// Events before them that were removed for their age.
    pub removed: i64,
    /// Sequence number of the first event that does not fit, and why; none when the chain is whole.
    pub fault: Option<(i64, Fault)>,
}

/// Reads the whole chain and recomputes every hash. `progress` hears how many events of how many are done. Events that are
/// appended meanwhile are left to the next run.
///
/// # Errors
/// When the database is away. A broken chain is no error but what [`Verified`] tells.
pub async fn verify(app: &App, mut progress: impl FnMut(i64, i64) + Send) -> Result<Verified> {
    let (newest, head_hash) = app.read().await?.audit_head().await?;
    let (removed, base_hash) = app.read().await?.audit_base().await?;
    let verdict = |sequence, fault| Verified { events: sequence - removed, removed, fault };
    if removed > 0 && !retention::is_told(app, removed, &base_hash).await? {
        return Ok(verdict(removed, Some((removed + 1, Fault::BaseUntold))));
    }
    let (mut sequence, mut hash) = (removed, base_hash);
    progress(0, newest - removed);
    while sequence < newest {
        let page = app.read().await?.audit_chain(sequence, limits::AUDIT_VERIFY_PAGE).await?;
        if page.is_empty() {
            return Ok(verdict(sequence, Some((sequence + 1, Fault::Missing))));
        }
        for event in &page {
            if sequence == newest {
                break;
            }
            if let Some(fault) = fault_of(event, sequence, &hash) {
                return Ok(verdict(sequence, Some((sequence + 1, fault))));
            }
            (sequence, hash) = (event.sequence, event.hash);
        }
        progress(sequence - removed, newest - removed);
    }
    let fault = (hash != head_hash).then_some((sequence, Fault::HeadDiffers));
    Ok(verdict(sequence, fault))
}

fn fault_of(event: &AuditEvent, previous_sequence: i64, previous_hash: &[u8; 32]) -> Option<Fault> {
    if event.sequence != previous_sequence + 1 {
        Some(Fault::Missing)
    } else if event.previous_hash != *previous_hash {
        Some(Fault::Untied)
    } else if crypto::sha256(&event.hashed_bytes()) != event.hash {
        Some(Fault::Changed)
    } else {
        None
    }
}
