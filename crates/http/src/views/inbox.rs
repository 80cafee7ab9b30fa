//! What senders are told, and what operators see of the inbox.

use mainstay_model::{
    Timestamp,
    inbox::{InboxEvent, InboxHead},
};
use mainstay_services::webhooks::Receipt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What became of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReceipt)]
pub(crate) struct ReceiptView {
    /// `recorded`, or `duplicate` for what was taken before.
    status: &'static str,
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        let status = match receipt {
            Receipt::Recorded => "recorded",
            Receipt::Duplicate => "duplicate",
        };
        Self { status }
    }
}

/// Which events to list. What is left out matches all.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxQuery {
    /// The configured source.
    pub(crate) source: Option<String>,
    /// `done`, `failed`, `set_aside` or `ignored`.
    pub(crate) state: Option<String>,
    /// At most so many items: 1 to 100, and 20 when it is left out.
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// An event of a payment provider, without what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = InboxHead)]
pub(crate) struct InboxHeadView {
    id: Uuid,
    /// The configured source.
    source: String,
    /// What the source calls it.
    event_id: String,
    /// Its kind, as the source calls it.
    kind: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// Its age when it came, if it was late and taken all the same.
    late_seconds: Option<i64>,
    /// `done`, `failed` (it is tried again), `set_aside` (a person must look at it) or `ignored`.
    state: &'static str,
    /// How often its effect was tried.
    attempts: i64,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Why it failed, in one word.
    last_error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When what it says was removed for its age; then it can't be replayed.
    #[schema(value_type = Option<String>, format = DateTime)]
    body_removed_at: Option<Timestamp>,
}

impl From<InboxHead> for InboxHeadView {
    fn from(head: InboxHead) -> Self {
        Self {
            id: head.id.uuid(),
            source: head.source,
            event_id: head.event_id,
            kind: head.kind,
            occurred_at: head.occurred_at,
            received_at: head.received_at,
            late_seconds: head.late_s,
            state: head.progress.state.as_str(),
            attempts: head.progress.attempts,
            next_at: head.progress.next_at,
            last_error: head.progress.last_error,
            updated_at: head.progress.updated_at,
            body_removed_at: head.body_removed_at,
        }
    }
}

/// One page of the inbox, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = InboxEvents)]
pub(crate) struct InboxEventsView {
    pub(crate) items: Vec<InboxHeadView>,
    /// Where the next page begins; none on the last.
    pub(crate) next_cursor: Option<String>,
}

/// An event with what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = InboxEvent)]
pub(crate) struct InboxEventView {
    #[serde(flatten)]
    head: InboxHeadView,
    /// The body as it came; none once it was removed.
    body: Option<String>,
}

impl From<InboxEvent> for InboxEventView {
    fn from(event: InboxEvent) -> Self {
        // It was found to be JSON before it was recorded, and JSON is UTF-8.
        let text = String::from_utf8_lossy(&event.body).into_owned();
        Self { body: event.head.body_removed_at.is_none().then_some(text), head: event.head.into() }
    }
}
