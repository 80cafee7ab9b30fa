//! The inbox of purchase webhooks.

use std::collections::HashMap;

use async_trait::async_trait;
use mainstay_model::{
    InboxEventId, Timestamp,
    inbox::{InboxEvent, InboxHead, InboxProgress},
};
use mainstay_store::{InboxFilter, InboxSettled, InboxStore, Recorded, Result};

use crate::{
    Tx,
    codec::{Row, Ts},
    inbox_batch, row,
    value::{Statement, Text, composed, query},
};

macro_rules! head_columns {
    () => {
        "id, source, event_id, kind, occurred_at, received_at, late_s, state, attempts, next_at, last_error, updated_at, \
         body_removed_at"
    };
}
macro_rules! columns {
    () => {
        concat!(head_columns!(), ", body, fingerprint")
    };
}

fn head(row: &Row) -> Result<InboxHead> {
    Ok(InboxHead {
        id: InboxEventId::new(row::uuid(row, "id")?),
        source: row::get(row, "source")?,
        event_id: row::get(row, "event_id")?,
        kind: row::get(row, "kind")?,
        occurred_at: row::at_opt(row, "occurred_at")?,
        received_at: row::at(row, "received_at")?,
        late_s: row::get(row, "late_s")?,
        progress: InboxProgress {
            state: row::word(row, "state")?,
            attempts: row::get(row, "attempts")?,
            next_at: row::at_opt(row, "next_at")?,
            last_error: row::get(row, "last_error")?,
            updated_at: row::at(row, "updated_at")?,
        },
        body_removed_at: row::at_opt(row, "body_removed_at")?,
    })
}

fn event(row: &Row) -> Result<InboxEvent> {
    Ok(InboxEvent {
        head: head(row)?,
        body: row::get(row, "body")?,
        fingerprint: row::hash(row, "fingerprint")?,
    })
}

#[async_trait]
impl InboxStore for Tx {
    async fn record_inbox_events(&mut self, events: &[InboxEvent]) -> Result<Vec<Recorded>> {
        // By the name that must be unique, in its order, so that two batches never wait for one another.
        let mut places: Vec<usize> = (0..events.len()).collect();
        places.sort_by(|&a, &b| name(&events[a]).cmp(&name(&events[b])).then(a.cmp(&b)));
        places.dedup_by(|a, b| name(&events[*a]) == name(&events[*b]));
        let first: Vec<&InboxEvent> = places.iter().map(|&place| &events[place]).collect();
        let is_new = inbox_batch::insert_new(self, &first).await?;
        let known: Vec<&InboxEvent> =
            first.iter().zip(&is_new).filter(|(_, is_new)| !**is_new).map(|(event, _)| *event).collect();
        let stored = inbox_batch::fingerprints(self, &known).await?;

        let mut fingerprints: HashMap<_, _> =
            known.iter().zip(stored).map(|(event, fingerprint)| (name(event), fingerprint)).collect();
        let mut outcomes = vec![Recorded::Duplicate; events.len()];
        for (&place, _) in places.iter().zip(&is_new).filter(|(_, is_new)| **is_new) {
            outcomes[place] = Recorded::New;
            fingerprints.insert(name(&events[place]), events[place].fingerprint);
        }
        for (event, outcome) in events.iter().zip(&mut outcomes) {
            if fingerprints.get(&name(event)) != Some(&event.fingerprint) {
                *outcome = Recorded::Conflict;
            }
        }
        Ok(outcomes)
    }

    async fn settle_inbox_events(&mut self, settled: &[InboxSettled]) -> Result<()> {
        inbox_batch::settle(self, settled).await
    }

    async fn inbox_event_by_id(&mut self, id: InboxEventId) -> Result<Option<InboxEvent>> {
        let found = self
            .one(query(concat!("SELECT ", columns!(), " FROM inbox_events WHERE id = $1")).bind(id.uuid()))
            .await?;
        row::read(found, event)
    }

    async fn lock_inbox_event(&mut self, id: InboxEventId) -> Result<Option<InboxEvent>> {
        let found = self
            .write_one(
                query(concat!("SELECT ", columns!(), " FROM inbox_events WHERE id = $1", lock_rows!()))
                    .bind(id.uuid()),
            )
            .await?;
        row::read(found, event)
    }

    async fn lock_due_inbox_events(&mut self, now: Timestamp, limit: u32) -> Result<Vec<InboxEvent>> {
        let rows = self
            .write_all(
                query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM inbox_events WHERE state = 'failed' AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
                    skip_locked!()
                ))
                .bind(Ts(now))
                .bind(i64::from(limit)),
            )
            .await?;
        row::read_all(&rows, event)
    }

    async fn inbox_heads(&mut self, filter: &InboxFilter) -> Result<Vec<InboxHead>> {
        let rows = self.all(filtered(filter)).await?;
        row::read_all(&rows, head)
    }

    async fn inbox_counts(&mut self) -> Result<(i64, i64)> {
        let rows = self
            .all(query(
                "SELECT count(*) FILTER (WHERE state = 'failed') AS failed, \
                 count(*) FILTER (WHERE state = 'set_aside') AS set_aside \
                 FROM inbox_events WHERE state IN ('failed', 'set_aside')",
            ))
            .await?;
        rows.first().map_or(Ok((0, 0)), |row| Ok((row::get(row, "failed")?, row::get(row, "set_aside")?)))
    }
}

fn name(event: &InboxEvent) -> (&str, &str) {
    (&event.head.source, &event.head.event_id)
}

/// Only the conditions that are asked for are written down: with `$1 IS NULL OR …` neither engine would use an index.
fn filtered(filter: &InboxFilter) -> Statement {
    let conditions = [(filter.source.is_some(), "source = $"), (filter.before.is_some(), "id < $")];
    let mut sql = concat!("SELECT ", head_columns!(), " FROM inbox_events WHERE true").to_owned();
    let mut number = 0;
    for (_, condition) in conditions.into_iter().filter(|(asked, _)| *asked) {
        number += 1;
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('$', &format!("${number}")));
    }
    if let Some(state) = filter.state {
        // One of our own words, and written down: the index on the rare states is no use for an argument.
        sql.push_str(&format!(" AND state = '{state}'"));
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", number + 1));

    let mut statement = composed(sql);
    if let Some(source) = &filter.source {
        statement = statement.bind(Text(source));
    }
    if let Some(id) = filter.before {
        statement = statement.bind(id.uuid());
    }
    statement.bind(i64::from(filter.limit))
}
