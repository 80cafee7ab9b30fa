//! Endpoints for outgoing events and their delivery log, as operators see them.

use mainstay_model::{
    Timestamp,
    outgoing::{Delivery, DeliveryAttempt, EventType, WebhookEndpoint},
    page::Page,
};
use mainstay_services::{
    Error,
    events::endpoints::{EndpointChange, NewEndpoint},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::word;

/// Where events go.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(crate) struct WebhookEndpointView {
    id: Uuid,
    url: String,
    description: String,
    /// What it hears of; everything when it is empty.
    event_types: Vec<String>,
    enabled: bool,
    /// Since when nothing is sent to it.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    /// `operator`, `gone` (it answered 410) or `failing` (nothing got through for days).
    disabled_reason: Option<String>,
    /// Since when nothing has got through; none after a success.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<WebhookEndpoint> for WebhookEndpointView {
    fn from(endpoint: WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id.uuid(),
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.event_types.iter().map(ToString::to_string).collect(),
            enabled: endpoint.disabled.is_none(),
            disabled_at: endpoint.disabled.map(|disabled| disabled.at),
            disabled_reason: endpoint.disabled.map(|disabled| disabled.reason.to_string()),
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

/// All endpoints, newest first, and what they may hear of.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoints)]
pub(crate) struct WebhookEndpointsView {
    items: Vec<WebhookEndpointView>,
    /// Every type of event that there is.
    event_types: Vec<&'static str>,
}

impl From<Vec<WebhookEndpoint>> for WebhookEndpointsView {
    fn from(endpoints: Vec<WebhookEndpoint>) -> Self {
        Self {
            items: endpoints.into_iter().map(Into::into).collect(),
            event_types: EventType::ALL.iter().map(|event_type| event_type.as_str()).collect(),
        }
    }
}

/// A new endpoint.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewWebhookEndpoint {
    /// An https URL on the public internet.
    url: String,
    #[serde(default)]
    description: String,
    /// What it hears of; everything when it is empty.
    #[serde(default)]
    event_types: Vec<String>,
}

impl NewWebhookEndpoint {
    pub(crate) fn parsed(self) -> Result<NewEndpoint, Error> {
        let event_types = event_types(&self.event_types)?;
        Ok(NewEndpoint { url: self.url, description: self.description, event_types })
    }
}

/// What to change about an endpoint; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WebhookEndpointPatch {
    url: Option<String>,
    description: Option<String>,
    event_types: Option<Vec<String>>,
    /// `false` stops everything that is sent to it, `true` begins anew after it was disabled.
    enabled: Option<bool>,
}

impl WebhookEndpointPatch {
    pub(crate) fn parsed(self) -> Result<EndpointChange, Error> {
        let event_types = self.event_types.as_deref().map(event_types).transpose()?;
        Ok(EndpointChange {
            url: self.url,
            description: self.description,
            event_types,
            enabled: self.enabled,
        })
    }
}

fn event_types(words: &[String]) -> Result<Vec<EventType>, Error> {
    words.iter().map(|text| word("event_types", text)).collect()
}

/// An endpoint with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointMade {
    pub(crate) endpoint: WebhookEndpointView,
    /// `whsec_…`, as libraries for Standard Webhooks take it.
    pub(crate) secret: String,
}

/// How to make a new secret.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SecretRotation {
    /// For how long the secrets before sign beside the new one: a day when it is left out, and 0 after a leak.
    #[schema(minimum = 0, maximum = 86400)]
    pub(crate) overlap_seconds: Option<u32>,
}

/// A new secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndpointSecretMade {
    /// `whsec_…`, as libraries for Standard Webhooks take it.
    pub(crate) secret: String,
}

/// A test event on its way.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestSent {
    /// By which the log tells what becomes of it.
    pub(crate) event_id: Uuid,
}

/// How many deliveries are on their way again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Resent {
    pub(crate) deliveries: u64,
}

/// An event on its way to an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    event_id: Uuid,
    event_type: String,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// `pending`, `delivered` or `set_aside`
    state: String,
    attempts: i64,
    /// When the next attempt is due; none when there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
    /// Status of the last answer; none when there was no answer.
    last_status: Option<i32>,
    /// What went wrong at the last attempt, as one word.
    last_fault: Option<String>,
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        let is_pending = delivery.state == mainstay_model::outgoing::DeliveryState::Pending;
        Self {
            event_id: delivery.event.id.uuid(),
            event_type: delivery.event.event_type.to_string(),
            occurred_at: delivery.event.occurred_at,
            state: delivery.state.to_string(),
            attempts: delivery.attempts,
            next_attempt_at: is_pending.then_some(delivery.next_at),
            delivered_at: delivery.delivered_at,
            last_status: delivery.last_status,
            last_fault: delivery.last_fault.clone(),
        }
    }
}

/// One page of an endpoint's deliveries, newest event first.
#[derive(Serialize, ToSchema)]
#[schema(as = Deliveries)]
pub(crate) struct DeliveriesView {
    items: Vec<DeliveryView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl From<Page<Delivery>> for DeliveriesView {
    fn from(page: Page<Delivery>) -> Self {
        Self {
            items: page.items.iter().map(DeliveryView::from).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// One attempt to deliver. Of the answer only its status is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub(crate) struct DeliveryAttemptView {
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    duration_ms: i64,
    status: Option<i32>,
    fault: Option<String>,
}

/// A delivery with what is sent and its newest attempts.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryDetail)]
pub(crate) struct DeliveryDetailView {
    delivery: DeliveryView,
    /// The body, as it is sent and signed.
    body: String,
    /// Newest first.
    attempts: Vec<DeliveryAttemptView>,
}

impl From<(Delivery, Vec<DeliveryAttempt>)> for DeliveryDetailView {
    fn from((delivery, attempts): (Delivery, Vec<DeliveryAttempt>)) -> Self {
        let attempt = |attempt: DeliveryAttempt| DeliveryAttemptView {
            number: attempt.number,
            at: attempt.at,
            duration_ms: attempt.duration_ms,
            status: attempt.status,
            fault: attempt.fault,
        };
        Self {
            delivery: DeliveryView::from(&delivery),
            body: delivery.event.body,
            attempts: attempts.into_iter().map(attempt).collect(),
        }
    }
}
