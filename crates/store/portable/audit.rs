//! The audit trail.

use async_trait::async_trait;
use mainstay_model::{
    AuditEventId,
    audit::{AuditEvent, NewAuditEvent},
};
use mainstay_store::{AuditFilter, AuditStore, Error, Result, chain};

use crate::{
    Tx, batch,
    codec::{Row, Ts},
    row,
    value::{Statement, Text, composed, query},
};

macro_rules! columns {
    () => {
        "sequence, id, at, action, actor, subject, request_id, detail, previous_hash, hash"
    };
}

fn event(row: &Row) -> Result<AuditEvent> {
    Ok(AuditEvent {
        sequence: row::get(row, "sequence")?,
        id: AuditEventId::new(row::uuid(row, "id")?),
        at: row::at(row, "at")?,
        action: row::get(row, "action")?,
        actor: row::get(row, "actor")?,
        subject: row::get(row, "subject")?,
        request_id: row::get(row, "request_id")?,
        detail: row::get(row, "detail")?,
        previous_hash: row::hash(row, "previous_hash")?,
        hash: row::hash(row, "hash")?,
    })
}

fn head(row: Option<Row>) -> Result<(i64, [u8; 32])> {
    let row = row.ok_or_else(|| Error::Failed("the audit trail has lost its head or base".to_owned()))?;
    Ok((row::get(&row, "sequence")?, row::hash(&row, "hash")?))
}

#[async_trait]
impl AuditStore for Tx {
    async fn append_audit_events(&mut self, events: &[NewAuditEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let locked = self
            .write_one(query(concat!("SELECT sequence, hash FROM audit_head WHERE id = 1", lock_rows!())))
            .await?;
        let (sequence, hash) = head(locked)?;
        batch::insert_audit_events(self, &chain(sequence, hash, events)).await
    }

    async fn audit_events(&mut self, filter: &AuditFilter) -> Result<Vec<AuditEvent>> {
        let rows = self.all(filtered(filter)).await?;
        row::read_all(&rows, event)
    }

    async fn audit_chain(&mut self, after_sequence: i64, limit: u32) -> Result<Vec<AuditEvent>> {
        let rows = self
            .all(
                query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM audit_events WHERE sequence > $1 ORDER BY sequence LIMIT $2"
                ))
                .bind(after_sequence)
                .bind(i64::from(limit)),
            )
            .await?;
        row::read_all(&rows, event)
    }

    async fn audit_head(&mut self) -> Result<(i64, [u8; 32])> {
        head(self.one(query("SELECT sequence, hash FROM audit_head WHERE id = 1")).await?)
    }

    async fn audit_base(&mut self) -> Result<(i64, [u8; 32])> {
        head(self.one(query("SELECT sequence, hash FROM audit_base WHERE id = 1")).await?)
    }

    async fn remove_audit_events(&mut self, (sequence, hash): (i64, [u8; 32])) -> Result<u64> {
        self.write(
            query("UPDATE audit_base SET sequence = $1, hash = $2 WHERE id = 1")
                .bind(sequence)
                .bind(&hash[..]),
        )
        .await?;
        self.write(query("DELETE FROM audit_events WHERE sequence <= $1").bind(sequence)).await
    }
}

/// Only the conditions that are asked for are written down: with `$1 IS NULL OR …` neither engine would use an index.
fn filtered(filter: &AuditFilter) -> Statement {
    let area = filter.action.as_deref().filter(|action| action.ends_with('.'));
    let action = filter.action.as_deref().filter(|_| area.is_none());
    let conditions = [
        (action.is_some(), "action = $"),
        (area.is_some(), concat!(action_area!(), " = $")),
        (filter.actor.is_some(), "actor = $"),
        (filter.subject.is_some(), "subject = $"),
        (filter.since.is_some(), "at >= $"),
        (filter.until.is_some(), "at < $"),
        (filter.before_sequence.is_some(), "sequence < $"),
    ];
    let mut sql = concat!("SELECT ", columns!(), " FROM audit_events WHERE true").to_owned();
    let mut number = 0;
    for (_, condition) in conditions.into_iter().filter(|(asked, _)| *asked) {
        number += 1;
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('$', &format!("${number}")));
    }
    sql.push_str(&format!(" ORDER BY sequence DESC LIMIT ${}", number + 1));

    let mut statement = composed(sql);
    for text in [action, area, filter.actor.as_deref(), filter.subject.as_deref()].into_iter().flatten() {
        statement = statement.bind(Text(text));
    }
    for at in [filter.since, filter.until].into_iter().flatten() {
        statement = statement.bind(Ts(at));
    }
    if let Some(sequence) = filter.before_sequence {
        statement = statement.bind(sequence);
    }
    statement.bind(i64::from(filter.limit))
}
