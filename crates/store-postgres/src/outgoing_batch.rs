//! The statements on outgoing events that only this dialect knows.

use mainstay_model::{
    Timestamp, WebhookEndpointId,
    outgoing::{Delivery, OutgoingEvent},
};
use mainstay_store::Result;

use crate::{
    Tx,
    codec::Ts,
    outgoing, row,
    value::{Text, query},
};

/// Writes events and who is to get them: a statement for either.
pub(crate) async fn insert_outgoing_events(
    tx: &mut Tx,
    events: &[&OutgoingEvent],
    deliveries: &[(WebhookEndpointId, &OutgoingEvent)],
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    tx.write(
        query(
            "INSERT INTO outgoing_events (id, event_type, body, occurred_at) SELECT * FROM UNNEST($1, $2, $3, $4)",
        )
        .bind(events.iter().map(|event| event.id.uuid()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| Text(&event.body)).collect::<Vec<_>>())
        .bind(events.iter().map(|event| Ts(event.occurred_at)).collect::<Vec<_>>()),
    )
    .await?;
    tx.write(
        query(
            "INSERT INTO outgoing_deliveries (endpoint_id, event_id, next_at, state, attempts, failures) \
             SELECT d.*, 'pending', 0, 0 FROM UNNEST($1, $2, $3) AS d",
        )
        .bind(deliveries.iter().map(|(endpoint_id, _)| endpoint_id.uuid()).collect::<Vec<_>>())
        .bind(deliveries.iter().map(|(_, event)| event.id.uuid()).collect::<Vec<_>>())
        .bind(deliveries.iter().map(|(_, event)| Ts(event.occurred_at)).collect::<Vec<_>>()),
    )
    .await?;
    Ok(())
}

pub(crate) async fn claim_deliveries(
    tx: &mut Tx,
    now: Timestamp,
    claimed_until: Timestamp,
    places: &[(WebhookEndpointId, u32)],
) -> Result<Vec<Delivery>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    // Materialised, because the planner may otherwise run the limited part more than once and lock more than it answers.
    let rows = tx
        .write_all(
            query(
                "WITH due AS MATERIALIZED (SELECT f.endpoint_id, f.event_id \
                 FROM UNNEST($3, $4) AS p (endpoint_id, free) CROSS JOIN LATERAL ( \
                 SELECT d.endpoint_id, d.event_id FROM outgoing_deliveries AS d \
                 WHERE d.endpoint_id = p.endpoint_id AND d.state = 'pending' AND d.next_at <= $1 \
                 AND (d.claimed_until IS NULL OR d.claimed_until <= $1) \
                 ORDER BY d.next_at, d.event_id LIMIT p.free FOR NO KEY UPDATE SKIP LOCKED) AS f) \
                 UPDATE outgoing_deliveries AS d SET claimed_until = $2 FROM due JOIN outgoing_events AS e \
                 ON e.id = due.event_id WHERE d.endpoint_id = due.endpoint_id AND d.event_id = due.event_id \
                 RETURNING d.endpoint_id, d.event_id, e.event_type, e.body, e.occurred_at, d.state, d.attempts, \
                 d.failures, d.next_at, d.delivered_at, d.last_status, d.last_fault",
            )
            .bind(Ts(now))
            .bind(Ts(claimed_until))
            .bind(places.iter().map(|(endpoint_id, _)| endpoint_id.uuid()).collect::<Vec<_>>())
            .bind(places.iter().map(|(_, free)| i64::from(*free)).collect::<Vec<_>>()),
        )
        .await?;
    row::read_all(&rows, outgoing::delivery)
}
