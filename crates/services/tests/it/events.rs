//! Outgoing events (WHK-6): what is sent to whom, how often, and what becomes of endpoints that do not take it.

mod deliveries;
mod endpoints;
mod workers;

use std::time::Duration;

use mainstay_model::{
    OutgoingEventId, WebhookEndpointId,
    audit::Actor,
    outgoing::{Delivery, DeliveryKey, EventType, OutgoingEvent, WebhookEndpoint},
    page::PageRequest,
};
use mainstay_services::events::{
    self, deliveries as log,
    endpoints::{self as manage, NewEndpoint},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::TestApp;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// An endpoint of a host, and its secret.
async fn endpoint(test: &TestApp, host: &str, event_types: &[EventType]) -> (WebhookEndpoint, SecretString) {
    let url = format!("https://{host}/in?token=t0ken");
    let new = NewEndpoint { url, description: host.to_owned(), event_types: event_types.to_vec() };
    manage::create(&test.app, &test.ctx(), &Actor::System, &new).await.expect("is made")
}

/// Makes an event of this moment, without writing it.
fn an_event(test: &TestApp, event_type: EventType, points: i64) -> OutgoingEvent {
    events::event(test.app.new_uuid(), test.now(), event_type, &json!({ "points": points }))
}

/// Writes events as a module does.
async fn emit(test: &TestApp, events: &[OutgoingEvent]) {
    let mut tx = test.app.write().await.expect("opens");
    let is_wanted = events::emit(&mut *tx, events).await.expect("writes");
    tx.commit().await.expect("commits");
    if is_wanted {
        events::announce(&*test.app.ports.bus).await;
    }
}

/// An event of points that were granted, written.
async fn granted(test: &TestApp, points: i64) -> OutgoingEvent {
    let event = an_event(test, EventType::PointsGranted, points);
    emit(test, std::slice::from_ref(&event)).await;
    event
}

/// Delivers until nothing is due; answers how many attempts were made.
async fn deliver(test: &TestApp) -> usize {
    let mut made = 0;
    loop {
        match events::deliver_due(&test.app).await.expect("the database is there") {
            0 => return made,
            count => made += count,
        }
    }
}

async fn delivery(test: &TestApp, endpoint_id: WebhookEndpointId, event_id: OutgoingEventId) -> Delivery {
    log::get(&test.app, DeliveryKey { endpoint_id, event_id }).await.expect("is there").0
}

async fn deliveries_of(test: &TestApp, endpoint_id: WebhookEndpointId) -> Vec<Delivery> {
    let page = PageRequest { limit: 100, before: None };
    log::list(&test.app, endpoint_id, page).await.expect("lists").items
}

/// What a receiver computes: base64 of the HMAC-SHA-256 under the secret.
fn expected_signature(secret: &SecretString, id: &str, timestamp: i64, body: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = secret.expose_secret().strip_prefix("whsec_").expect("a secret for Standard Webhooks");
    let key = STANDARD.decode(text).expect("base64");
    assert!((24..=64).contains(&key.len()), "as long as Standard Webhooks asks for");
    let tag = mainstay_services::crypto::hmac_sha256(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}
