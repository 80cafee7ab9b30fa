//! Batches of the inbox: one prepared statement, run once for each item.

use mainstay_model::{SecretHash, Timestamp, inbox::InboxEvent};
use mainstay_store::{InboxSettled, Result};
use rusqlite::params;

use crate::{
    Tx,
    batch::kept,
    checked::{checked_micros, checked_text},
    error::from_sqlite,
};

fn moment(at: Option<Timestamp>) -> Result<Option<i64>> {
    at.map(|at| kept(checked_micros(at))).transpose()
}

/// Writes those of the events, each with a name of its own, that are not there. Answers which were not.
pub(crate) async fn insert_new(tx: &mut Tx, events: &[&InboxEvent]) -> Result<Vec<bool>> {
    tx.writing(|connection| {
        let mut insert = connection.prepared(
            "INSERT INTO inbox_events (id, source, event_id, kind, occurred_at, received_at, late_s, body, fingerprint, \
             state, attempts, next_at, last_error, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (source, event_id) DO NOTHING",
        )?;
        let mut is_new = Vec::with_capacity(events.len());
        for event in events {
            let (head, progress) = (&event.head, &event.head.progress);
            let values = params![
                head.id.uuid().into_bytes(),
                kept(checked_text(&head.source))?,
                kept(checked_text(&head.event_id))?,
                kept(checked_text(&head.kind))?,
                moment(head.occurred_at)?,
                kept(checked_micros(head.received_at))?,
                head.late_s,
                event.body,
                event.fingerprint,
                progress.state.as_str(),
                progress.attempts,
                moment(progress.next_at)?,
                progress.last_error.as_deref().map(|text| kept(checked_text(text))).transpose()?,
                kept(checked_micros(progress.updated_at))?,
            ];
            is_new.push(insert.execute(values).map_err(from_sqlite)? == 1);
        }
        Ok(is_new)
    })
}

/// The fingerprints of events that are there, in order.
pub(crate) async fn fingerprints(tx: &mut Tx, events: &[&InboxEvent]) -> Result<Vec<SecretHash>> {
    tx.reading(|connection| {
        let mut select = connection
            .prepared("SELECT fingerprint FROM inbox_events WHERE source = ?1 AND event_id = ?2")?;
        events
            .iter()
            .map(|event| {
                let name = params![event.head.source, event.head.event_id];
                select.query_row(name, |row| row.get(0)).map_err(from_sqlite)
            })
            .collect()
    })
}

pub(crate) async fn settle(tx: &mut Tx, settled: &[InboxSettled]) -> Result<()> {
    tx.writing(|connection| {
        let mut update = connection.prepared(
            "UPDATE inbox_events SET state = ?2, attempts = ?3, next_at = ?4, last_error = ?5, updated_at = ?6 WHERE id = ?1",
        )?;
        for InboxSettled { id, progress } in settled {
            let values = params![
                id.uuid().into_bytes(),
                progress.state.as_str(),
                progress.attempts,
                moment(progress.next_at)?,
                progress.last_error.as_deref().map(|text| kept(checked_text(text))).transpose()?,
                kept(checked_micros(progress.updated_at))?,
            ];
            update.execute(values).map_err(from_sqlite)?;
        }
        Ok(())
    })
}
