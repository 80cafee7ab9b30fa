//! The audit trail: append only, in one chain.

use async_trait::async_trait;
use mainstay_model::{
    Timestamp,
    audit::{AuditEvent, NewAuditEvent},
};
use sha2::{Digest, Sha256};

use crate::Result;

/// Which events to list. Empty fields match all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Exact action, or the area of several when it ends in its only dot: `session.`.
    pub action: Option<String>,
    /// Exact actor text.
    pub actor: Option<String>,
    /// Exact subject text.
    pub subject: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Only events with a smaller sequence number (paging, newest first).
    pub before_sequence: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// The trail. Engines refuse UPDATE of its rows by trigger, and DELETE of all that its base does not let go.
#[async_trait]
pub trait AuditStore: Send {
    /// Appends events in order. Takes the chain's one lock until the transaction ends, so call it last.
    async fn append_audit_events(&mut self, events: &[NewAuditEvent]) -> Result<()>;
    /// Lists events, newest first.
    async fn audit_events(&mut self, filter: &AuditFilter) -> Result<Vec<AuditEvent>>;
    /// Reads the chain in order, from the event after `after_sequence`, for verification.
    async fn audit_chain(&mut self, after_sequence: i64, limit: u32) -> Result<Vec<AuditEvent>>;
    /// The sequence number and hash of the newest event as the chain's head states them.
    async fn audit_head(&mut self) -> Result<(i64, [u8; 32])>;
    /// The sequence number and hash of the newest event that was removed for its age; the trail that is kept begins after it. Zero
    /// and [`GENESIS`](mainstay_model::audit::GENESIS) while nothing was removed.
    async fn audit_base(&mut self) -> Result<(i64, [u8; 32])>;
    /// Moves the base to an event that is there, and removes it with all before it. Answers how many. That the trail tells of it is the
    /// caller's part, in the same transaction.
    async fn remove_audit_events(&mut self, through: (i64, [u8; 32])) -> Result<u64>;
}

/// Ties new events to the chain whose newest event has the given number and hash.
#[must_use]
pub fn chain(sequence: i64, hash: [u8; 32], events: &[NewAuditEvent]) -> Vec<AuditEvent> {
    let mut previous = (sequence, hash);
    events
        .iter()
        .map(|new| {
            let mut event = AuditEvent {
                sequence: previous.0 + 1,
                id: new.id,
                at: new.at,
                action: new.action.to_owned(),
                actor: new.actor.clone(),
                subject: new.subject.clone(),
                request_id: new.request_id.clone(),
                detail: new.detail.to_string(),
                previous_hash: previous.1,
                hash: [0; 32],
            };
            event.hash = Sha256::digest(event.hashed_bytes()).into();
            previous = (event.sequence, event.hash);
            event
        })
        .collect()
}
