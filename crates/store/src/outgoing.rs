//! Outgoing events: endpoints with their secrets, events, and the delivery of each to each endpoint.

use async_trait::async_trait;
use mainstay_model::{
    Timestamp, WebhookEndpointId,
    outgoing::{
        Delivery, DeliveryAttempt, DeliveryKey, Disabled, EndpointSecret, OutgoingEvent, WebhookEndpoint,
    },
    page::{Page, PageRequest},
};

use crate::Result;

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It got through.
    Delivered,
    /// It is tried again.
    Retry {
        /// Not before this moment.
        at: Timestamp,
        /// How many pauses of the schedule that spends; at least one.
        pauses: i64,
    },
    /// No further attempt.
    SetAside,
}

/// What an attempt led to. The attempt's number is counted by the store.
#[derive(Clone, Debug)]
pub struct Attempted<'a> {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Until when it was claimed; whoever lost the claim meanwhile writes nothing.
    pub claimed_until: Timestamp,
    /// When the attempt began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Status of the answer.
    pub status: Option<i32>,
    /// What went wrong, as one word.
    pub fault: Option<&'a str>,
    /// What follows.
    pub after: AfterAttempt,
}

/// How deliveries stand, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Waiting, of enabled endpoints.
    pub waiting: i64,
    /// Since when the oldest of those has been due.
    pub oldest: Option<Timestamp>,
    /// Endpoints that Mainstay disabled by itself.
    pub endpoints_disabled: i64,
}

/// Endpoints and their secrets.
#[async_trait]
pub trait WebhookEndpointStore: Send {
    /// Adds an endpoint with its first secret.
    async fn insert_webhook_endpoint(
        &mut self,
        endpoint: &WebhookEndpoint,
        secret: &EndpointSecret,
    ) -> Result<()>;
    /// All endpoints, newest first.
    async fn webhook_endpoints(&mut self) -> Result<Vec<WebhookEndpoint>>;
    /// Reads one.
    async fn webhook_endpoint_by_id(&mut self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>>;
    /// The same, and keeps other writers of it out until the transaction ends.
    async fn lock_webhook_endpoint(&mut self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>>;
    /// Writes all of it but its creation. Answers whether there is one.
    async fn update_webhook_endpoint(&mut self, endpoint: &WebhookEndpoint) -> Result<bool>;
    /// Removes it with its secrets and deliveries. Answers whether there was one.
    async fn delete_webhook_endpoint(&mut self, id: WebhookEndpointId) -> Result<bool>;
    /// Notes that something got through.
    async fn webhook_endpoint_succeeded(&mut self, id: WebhookEndpointId) -> Result<()>;
    /// Notes that something did not get through, unless an earlier failure is noted already.
    async fn webhook_endpoint_failed(&mut self, id: WebhookEndpointId, at: Timestamp) -> Result<()>;
    /// Disables an enabled endpoint; with a `failing_before` only if it has been failing since then or longer. Answers whether this
    /// call did it.
    async fn disable_webhook_endpoint(
        &mut self,
        id: WebhookEndpointId,
        disabled: Disabled,
        failing_before: Option<Timestamp>,
    ) -> Result<bool>;
    /// Secrets that sign at `now`, of all endpoints, newest first.
    async fn live_endpoint_secrets(&mut self, now: Timestamp) -> Result<Vec<EndpointSecret>>;
    /// Adds a secret; every other one of the endpoint ends at `others_until` at the latest.
    async fn rotate_endpoint_secret(
        &mut self,
        secret: &EndpointSecret,
        others_until: Timestamp,
    ) -> Result<()>;
}

/// Events and deliveries.
#[async_trait]
pub trait OutgoingEventStore: Send {
    /// Hot path: writes events that some enabled endpoint wants, with a delivery for each of those; what nobody wants is not kept.
    /// A fixed number of statements however many events there are. Answers how many deliveries were made.
    async fn insert_outgoing_events(&mut self, events: &[OutgoingEvent]) -> Result<u64>;
    /// Writes an event for one endpoint, whatever that wants to hear of.
    async fn insert_outgoing_event_for(
        &mut self,
        event: &OutgoingEvent,
        endpoint_id: WebhookEndpointId,
    ) -> Result<()>;
    /// Claims due deliveries of endpoints until `claimed_until`, of each up to the number beside it and oldest first; a claim that
    /// ran out may be claimed again. Two claimers never get the same delivery.
    async fn claim_deliveries(
        &mut self,
        now: Timestamp,
        claimed_until: Timestamp,
        places: &[(WebhookEndpointId, u32)],
    ) -> Result<Vec<Delivery>>;
    /// Writes down an attempt and what follows from it. Answers false, and writes nothing, when the claim was lost or the delivery
    /// is gone.
    async fn finish_attempt(&mut self, attempted: &Attempted<'_>) -> Result<bool>;
    /// Makes a delivery wait from the beginning, due at `now`. Answers whether there is one.
    async fn resend_delivery(&mut self, key: DeliveryKey, now: Timestamp) -> Result<bool>;
    /// The same for all that an endpoint has set aside; answers how many.
    async fn resend_set_aside(&mut self, endpoint_id: WebhookEndpointId, now: Timestamp) -> Result<u64>;
    /// An endpoint's deliveries, newest event first.
    async fn deliveries_of_endpoint(
        &mut self,
        endpoint_id: WebhookEndpointId,
        page: PageRequest,
    ) -> Result<Page<Delivery>>;
    /// Reads one.
    async fn delivery_by_key(&mut self, key: DeliveryKey) -> Result<Option<Delivery>>;
    /// A delivery's newest attempts, newest first.
    async fn delivery_attempts(&mut self, key: DeliveryKey, limit: u32) -> Result<Vec<DeliveryAttempt>>;
    /// How deliveries stand.
    async fn delivery_counts(&mut self) -> Result<DeliveryCounts>;
}
