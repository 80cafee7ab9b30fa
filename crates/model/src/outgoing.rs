//! Events that are told to a team's own back ends (WHK-6): where they go, what has become of each, and the secrets that sign them.

use crate::{EndpointSecretId, OutgoingEventId, Timestamp, WebhookEndpointId, text::state};

state! {
    /// What can happen. The words are part of the interface; `docs/guides/outgoing-events.md` tells what each event carries.
    pub enum EventType {
        /// A member got points.
        PointsGranted = "points.granted",
        /// A member spent points.
        PointsRedeemed = "points.redeemed",
        /// A transfer of points was undone.
        PointsReversed = "points.reversed",
        /// Points passed from one member to another.
        PointsTransferred = "points.transferred",
        /// Points ran out.
        PointsExpired = "points.expired",
        /// A purchase came in by webhook.
        PurchaseRecorded = "purchase.recorded",
        /// A member claimed a purchase that nobody was known for.
        PurchaseClaimed = "purchase.claimed",
        /// A purchase was refunded or disputed.
        PurchaseRefunded = "purchase.refunded",
        /// An operator tries out an endpoint.
        EndpointTest = "endpoint.test",
    }
}

state! {
    /// Why an endpoint is disabled.
    pub enum DisabledReason {
        /// An operator did it.
        Operator = "operator",
        /// It answered that it is gone for good (410).
        Gone = "gone",
        /// Nothing got through for days.
        Failing = "failing",
    }
}

state! {
    /// What has become of a delivery.
    pub enum DeliveryState {
        /// Waits for its next attempt.
        Pending = "pending",
        /// The endpoint took it.
        Delivered = "delivered",
        /// No attempt is left; a person may send it again.
        SetAside = "set_aside",
    }
}

/// Since when an endpoint is disabled, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: DisabledReason,
}

/// Where events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Which.
    pub id: WebhookEndpointId,
    /// Its address. May hold a token in its path or query, so it is in no log.
    pub url: String,
    /// What its owner calls it.
    pub description: String,
    /// What it wants to hear of, in order; all when it is empty.
    pub event_types: Vec<EventType>,
    /// None while it is enabled.
    pub disabled: Option<Disabled>,
    /// Since when nothing has got through; none after a success.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed by a person.
    pub updated_at: Timestamp,
}

impl WebhookEndpoint {
    /// Whether an event of this type is for it.
    #[must_use]
    pub fn wants(&self, event_type: EventType) -> bool {
        self.event_types.is_empty() || self.event_types.contains(&event_type)
    }
}

/// A secret of an endpoint as stored. While a rotation lasts there are several, and all of them sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSecret {
    /// Which.
    pub id: EndpointSecretId,
    /// Whose.
    pub endpoint_id: WebhookEndpointId,
    /// The secret bytes, sealed.
    pub sealed_secret: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops signing; none for the current one.
    pub expires_at: Option<Timestamp>,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingEvent {
    /// Which; the receiver knows a repeated one by it.
    pub id: OutgoingEventId,
    /// What happened.
    pub event_type: EventType,
    /// The JSON text that is sent, byte for byte the same at each attempt.
    pub body: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// An event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub endpoint_id: WebhookEndpointId,
    /// What.
    pub event: OutgoingEvent,
    /// What has become of it.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: i64,
    /// Pauses of the schedule that are spent since it was last made to wait from the beginning: one for each failed attempt, and those
    /// that lay within a wait that the receiver asked for.
    pub failures: i64,
    /// Not before.
    pub next_at: Timestamp,
    /// When it got through.
    pub delivered_at: Option<Timestamp>,
    /// Status of the last answer; none when there was no answer.
    pub last_status: Option<i32>,
    /// What went wrong at the last attempt, as one word.
    pub last_fault: Option<String>,
}

/// A delivery by its two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryKey {
    /// To whom.
    pub endpoint_id: WebhookEndpointId,
    /// What.
    pub event_id: OutgoingEventId,
}

impl Delivery {
    /// Its two halves.
    #[must_use]
    pub const fn key(&self) -> DeliveryKey {
        DeliveryKey { endpoint_id: self.endpoint_id, event_id: self.event.id }
    }
}

/// One attempt to deliver, as the log keeps it. Nothing that the other side said is kept beside its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// From 1.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Status of the answer; none when there was none.
    pub status: Option<i32>,
    /// What went wrong, as one word; none when it got through.
    pub fault: Option<String>,
}
