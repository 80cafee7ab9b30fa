//! The statements on outgoing events that only this dialect knows: each is prepared once and run for each item.

use mainstay_model::{
    Timestamp, WebhookEndpointId,
    outgoing::{Delivery, OutgoingEvent},
};
use mainstay_store::{Error, Result};
use rusqlite::params;

use crate::{
    Tx,
    checked::{Fault, checked_micros, checked_text},
    codec::Ts,
    error::from_sqlite,
    outgoing, row,
    value::query,
};

/// Writes events and who is to get them.
pub(crate) async fn insert_outgoing_events(
    tx: &mut Tx,
    events: &[&OutgoingEvent],
    deliveries: &[(WebhookEndpointId, &OutgoingEvent)],
) -> Result<()> {
    tx.writing(|connection| {
        let mut insert = connection.prepared(
            "INSERT INTO outgoing_events (id, event_type, body, occurred_at) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for event in events {
            let values = params![
                event.id.uuid().into_bytes(),
                event.event_type.as_str(),
                kept(checked_text(&event.body))?,
                kept(checked_micros(event.occurred_at))?,
            ];
            insert.execute(values).map_err(from_sqlite)?;
        }
        let mut insert = connection.prepared(
            "INSERT INTO outgoing_deliveries (endpoint_id, event_id, next_at, state, attempts, failures) \
             VALUES (?1, ?2, ?3, 'pending', 0, 0)",
        )?;
        for (endpoint_id, event) in deliveries {
            let values = params![
                endpoint_id.uuid().into_bytes(),
                event.id.uuid().into_bytes(),
                kept(checked_micros(event.occurred_at))?,
            ];
            insert.execute(values).map_err(from_sqlite)?;
        }
        Ok(())
    })
}

/// A write transaction has the whole database for itself, so what was found can be claimed afterwards.
pub(crate) async fn claim_deliveries(
    tx: &mut Tx,
    now: Timestamp,
    claimed_until: Timestamp,
    places: &[(WebhookEndpointId, u32)],
) -> Result<Vec<Delivery>> {
    tx.writing(|connection| {
        let mut deliveries = Vec::new();
        for (endpoint_id, free) in places {
            let due = query(
                "SELECT d.endpoint_id, d.event_id, e.event_type, e.body, e.occurred_at, d.state, d.attempts, \
                 d.failures, d.next_at, d.delivered_at, d.last_status, d.last_fault \
                 FROM outgoing_deliveries AS d JOIN outgoing_events AS e ON e.id = d.event_id \
                 WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.next_at <= $2 \
                 AND (d.claimed_until IS NULL OR d.claimed_until <= $2) ORDER BY d.next_at, d.event_id LIMIT $3",
            )
            .bind(endpoint_id.uuid())
            .bind(Ts(now))
            .bind(i64::from(*free));
            deliveries.extend(row::read_all(&connection.all(due)?, outgoing::delivery)?);
        }
        let mut claim = connection.prepared(
            "UPDATE outgoing_deliveries SET claimed_until = ?3 WHERE endpoint_id = ?1 AND event_id = ?2",
        )?;
        for delivery in &deliveries {
            let values = params![
                delivery.endpoint_id.uuid().into_bytes(),
                delivery.event.id.uuid().into_bytes(),
                kept(checked_micros(claimed_until))?,
            ];
            claim.execute(values).map_err(from_sqlite)?;
        }
        Ok(deliveries)
    })
}

/// What both engines can keep, or a failure of the statement.
fn kept<T>(value: Result<T, Fault>) -> Result<T> {
    value.map_err(|fault| Error::Failed(format!("a batch can't be written: {fault}")))
}
