//! The inbox of purchase webhooks.

use async_trait::async_trait;
use mainstay_model::{
    InboxEventId, Timestamp,
    inbox::{InboxEvent, InboxHead, InboxProgress, InboxState},
};

use crate::Result;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The event was not known; it is now.
    New,
    /// The event was known; nothing was written.
    Duplicate,
    /// The event was known and said something else; nothing was written.
    Conflict,
}

/// How far the effect of one event has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxSettled {
    /// Which event.
    pub id: InboxEventId,
    /// What to write.
    pub progress: InboxProgress,
}

/// Which events to list. Empty fields match all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Of this source.
    pub source: Option<String>,
    /// In this state.
    pub state: Option<InboxState>,
    /// Only events with a smaller id (paging, newest first).
    pub before: Option<InboxEventId>,
    /// At most so many.
    pub limit: u32,
}

/// The inbox. An event is known by its source and the source's name for it, for ever.
#[async_trait]
pub trait InboxStore: Send {
    /// Hot path: writes the events that are not known. Of two of the same name in one batch the second sees the first. Waits for
    /// other transactions that are writing one of them.
    async fn record_inbox_events(&mut self, events: &[InboxEvent]) -> Result<Vec<Recorded>>;
    /// Hot path: writes how far effects have come.
    async fn settle_inbox_events(&mut self, settled: &[InboxSettled]) -> Result<()>;
    /// Reads one.
    async fn inbox_event_by_id(&mut self, id: InboxEventId) -> Result<Option<InboxEvent>>;
    /// Reads one and keeps others from handling it until the transaction ends.
    async fn lock_inbox_event(&mut self, id: InboxEventId) -> Result<Option<InboxEvent>>;
    /// Failed events whose next try is due, oldest first, kept from others; passes over what somebody else has.
    async fn lock_due_inbox_events(&mut self, now: Timestamp, limit: u32) -> Result<Vec<InboxEvent>>;
    /// Lists events, newest first.
    async fn inbox_heads(&mut self, filter: &InboxFilter) -> Result<Vec<InboxHead>>;
    /// How many events failed and are tried again, and how many are set aside.
    async fn inbox_counts(&mut self) -> Result<(i64, i64)>;
}
