//! Batches of the inbox: one array for each column, put together by UNNEST.

use std::collections::{HashMap, HashSet};

use mainstay_model::{SecretHash, inbox::InboxEvent};
use mainstay_store::{Error, InboxSettled, Result};

use crate::{
    Tx,
    codec::Ts,
    row,
    value::{Text, query},
};

fn column<T, C>(items: &[T], column: impl Fn(&T) -> C) -> Vec<C> {
    items.iter().map(column).collect()
}

/// Writes those of the events, each with a name of its own and in the order of names, that are not there. Answers which were not.
pub(crate) async fn insert_new(tx: &mut Tx, events: &[&InboxEvent]) -> Result<Vec<bool>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let statement = query(
        "INSERT INTO inbox_events (id, source, event_id, kind, occurred_at, received_at, late_s, body, fingerprint, state, \
         attempts, next_at, last_error, updated_at) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (source, event_id) DO NOTHING RETURNING id",
    )
    .bind(column(events, |event| event.head.id.uuid()))
    .bind(events.iter().map(|event| Text(&event.head.source)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.head.event_id)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.head.kind)).collect::<Vec<_>>())
    .bind(column(events, |event| event.head.occurred_at.map(Ts)))
    .bind(column(events, |event| Ts(event.head.received_at)))
    .bind(column(events, |event| event.head.late_s))
    .bind(events.iter().map(|event| &event.body[..]).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.fingerprint[..]).collect::<Vec<_>>())
    .bind(column(events, |event| event.head.progress.state.as_str()))
    .bind(column(events, |event| event.head.progress.attempts))
    .bind(column(events, |event| event.head.progress.next_at.map(Ts)))
    .bind(events.iter().map(|event| event.head.progress.last_error.as_deref().map(Text)).collect::<Vec<_>>())
    .bind(column(events, |event| Ts(event.head.progress.updated_at)));
    let rows = tx.write_all(statement).await?;
    let written = rows.iter().map(|row| row::uuid(row, "id")).collect::<Result<HashSet<_>>>()?;
    Ok(column(events, |event| written.contains(&event.head.id.uuid())))
}

/// The fingerprints of events that are there, in order.
pub(crate) async fn fingerprints(tx: &mut Tx, events: &[&InboxEvent]) -> Result<Vec<SecretHash>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let statement = query(
        "SELECT e.source, e.event_id, e.fingerprint FROM inbox_events AS e \
         JOIN UNNEST($1, $2) AS w (source, event_id) ON e.source = w.source AND e.event_id = w.event_id",
    )
    .bind(events.iter().map(|event| Text(&event.head.source)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.head.event_id)).collect::<Vec<_>>());
    let rows = tx.all(statement).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let name: (&str, &str) = (row::get(row, "source")?, row::get(row, "event_id")?);
        found.insert(name, row::hash(row, "fingerprint")?);
    }
    let missing = || Error::Failed("an event that was in the way is not there".to_owned());
    events
        .iter()
        .map(|event| {
            let name = (event.head.source.as_str(), event.head.event_id.as_str());
            found.get(&name).copied().ok_or_else(missing)
        })
        .collect()
}

pub(crate) async fn settle(tx: &mut Tx, settled: &[InboxSettled]) -> Result<()> {
    if settled.is_empty() {
        return Ok(());
    }
    tx.write(
        query(
            "UPDATE inbox_events AS e SET state = s.state, attempts = s.attempts, next_at = s.next_at, \
             last_error = s.last_error, updated_at = s.updated_at FROM UNNEST($1, $2, $3, $4, $5, $6) \
             AS s (id, state, attempts, next_at, last_error, updated_at) WHERE e.id = s.id",
        )
        .bind(column(settled, |settled| settled.id.uuid()))
        .bind(column(settled, |settled| settled.progress.state.as_str()))
        .bind(column(settled, |settled| settled.progress.attempts))
        .bind(column(settled, |settled| settled.progress.next_at.map(Ts)))
        .bind(
            settled
                .iter()
                .map(|settled| settled.progress.last_error.as_deref().map(Text))
                .collect::<Vec<_>>(),
        )
        .bind(column(settled, |settled| Ts(settled.progress.updated_at))),
    )
    .await?;
    Ok(())
}
