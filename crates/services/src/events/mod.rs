//! Events for a team's own back ends (WHK-6): written in the transaction of their cause, delivered after it at least once, signed as
//! Standard Webhooks 1.0 says. Modules use [`event`], [`emit`] and [`announce`]; the rest is for operators.

mod deliver;
pub mod deliveries;
pub mod endpoints;
mod lanes;
mod schedule;
pub mod signature;

use mainstay_model::{
    OutgoingEventId, Timestamp,
    outgoing::{EventType, OutgoingEvent},
};
use mainstay_store::Tx;
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::deliver::{deliver_due, run_background};
use crate::{
    Result,
    ports::{Bus, Signal},
};

/// Makes an event. `data` is what its type promises in `docs/guides/outgoing-events.md`; ids and amounts, never a person's data.
#[must_use]
pub fn event(id: Uuid, at: Timestamp, event_type: EventType, data: &Value) -> OutgoingEvent {
    let body = json!({ "id": id, "type": event_type, "timestamp": at, "data": data });
    OutgoingEvent { id: OutgoingEventId::new(id), event_type, body: body.to_string(), occurred_at: at }
}

/// Writes events into the transaction of their cause, in a fixed number of statements. Answers whether anybody is to hear of them;
/// then call [`announce`] after the commit. Without, they wait for the next poll.
///
/// # Errors
/// When the database is away.
pub async fn emit(tx: &mut dyn Tx, events: &[OutgoingEvent]) -> Result<bool> {
    Ok(tx.insert_outgoing_events(events).await? > 0)
}

/// Wakes the workers of every node; only after the commit.
pub async fn announce(bus: &dyn Bus) {
    bus.publish(Signal::EventsAdded).await;
}
