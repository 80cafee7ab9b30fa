//! The statements that only this dialect knows. A batch is one prepared statement that is run once for each item: there is no way
//! to the database that a batch would save, and nothing is faster here than a search by a key.

use std::collections::BTreeMap;

use mainstay_model::{
    MemberId, NoteId, SecretHash, SessionId, Timestamp, audit::AuditEvent, job::Job, note::Note,
};
use mainstay_store::{Error, Result, Rotation};
use rusqlite::{Row as Found, params, types::Type};
use uuid::Uuid;

use crate::{
    Tx,
    checked::{Fault, checked_micros, checked_text},
    codec::{Row, Ts},
    connection::Connection,
    error::from_sqlite,
    value::query,
};

pub(crate) async fn insert_notes(tx: &mut Tx, notes: &[Note]) -> Result<()> {
    tx.writing(|connection| {
        let mut insert = connection.prepared(
            "INSERT INTO notes (id, member_id, text, tags, pinned, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for note in notes {
            for tag in &note.tags {
                kept(checked_text(tag))?;
            }
            let tags = serde_json::to_string(&note.tags).map_err(|error| Error::Failed(error.to_string()))?;
            let values = params![
                note.id.uuid().into_bytes(),
                note.member_id.uuid().into_bytes(),
                kept(checked_text(&note.text))?,
                tags,
                note.pinned,
                kept(checked_micros(note.created_at))?,
                kept(checked_micros(note.updated_at))?,
            ];
            insert.execute(values).map_err(from_sqlite)?;
        }
        Ok(())
    })
}

/// A note as it stands in a row: text, tags, pin, made, changed, from `place` on.
fn note(row: &Found<'_>, id: NoteId, member_id: MemberId, place: usize) -> rusqlite::Result<Note> {
    Ok(Note {
        id,
        member_id,
        text: row.get(place)?,
        tags: tags(row.get_ref(place + 1)?.as_str()?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(place + 1, Type::Text, Box::new(error))
        })?,
        pinned: row.get(place + 2)?,
        created_at: Timestamp::from_micros(row.get(place + 3)?),
        updated_at: Timestamp::from_micros(row.get(place + 4)?),
    })
}

/// Most notes have none, and then there is nothing to parse.
fn tags(json: &str) -> serde_json::Result<Vec<String>> {
    if json == "[]" { Ok(Vec::new()) } else { serde_json::from_str(json) }
}

/// The notes of these pairs that there are, in any order.
pub(crate) async fn notes_by_ids(tx: &mut Tx, wanted: &[(MemberId, NoteId)]) -> Result<Vec<Note>> {
    tx.reading(|connection| {
        let mut select = connection.prepared(
            "SELECT text, tags, pinned, created_at, updated_at FROM notes WHERE id = ?1 AND member_id = ?2",
        )?;
        let mut notes = Vec::with_capacity(wanted.len());
        for &(member_id, id) in wanted {
            let mut rows = select
                .query(params![id.uuid().into_bytes(), member_id.uuid().into_bytes()])
                .map_err(from_sqlite)?;
            if let Some(row) = rows.next().map_err(from_sqlite)? {
                notes.push(note(row, id, member_id, 0).map_err(from_sqlite)?);
            }
        }
        Ok(notes)
    })
}

/// A member's notes before an id, newest first.
pub(crate) async fn newest_notes(
    tx: &mut Tx,
    member_id: MemberId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Note>> {
    tx.reading(|connection| {
        let mut select = connection.prepared(
            "SELECT id, text, tags, pinned, created_at, updated_at FROM notes WHERE member_id = ?1 AND id < ?2 \
             ORDER BY id DESC LIMIT ?3",
        )?;
        let found = select.query_map(
            params![member_id.uuid().into_bytes(), before.into_bytes(), limit],
            |row| note(row, NoteId::new(Uuid::from_bytes(row.get(0)?)), member_id, 1),
        );
        found.and_then(Iterator::collect).map_err(from_sqlite)
    })
}

pub(crate) async fn insert_jobs(tx: &mut Tx, jobs: &[Job]) -> Result<()> {
    tx.writing(|connection| {
        let mut insert = connection.prepared(
            "INSERT INTO jobs (id, kind, sealed_payload, attempts, created_at, run_at, set_aside) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
        )?;
        for job in jobs {
            let values = params![
                job.id.uuid().into_bytes(),
                job.kind.as_str(),
                job.sealed_payload,
                job.attempts,
                kept(checked_micros(job.created_at))?,
                kept(checked_micros(job.run_at))?,
            ];
            insert.execute(values).map_err(from_sqlite)?;
        }
        Ok(())
    })
}

pub(crate) async fn claim_jobs(
    tx: &mut Tx,
    now: Timestamp,
    claimed_until: Timestamp,
    limit: u32,
) -> Result<Vec<Row>> {
    tx.write_all(
        query(
            "UPDATE jobs SET claimed_until = $2 WHERE id IN (SELECT id FROM jobs WHERE NOT set_aside AND run_at <= $1 \
             AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY run_at, id LIMIT $3) \
             RETURNING id, kind, sealed_payload, attempts, created_at, run_at",
        )
        .bind(Ts(now))
        .bind(Ts(claimed_until))
        .bind(i64::from(limit)),
    )
    .await
}

pub(crate) async fn touch_sessions(tx: &mut Tx, seen: &[(SessionId, Timestamp)]) -> Result<()> {
    // In the order of ids, so that neighbours in the file are changed together.
    let mut latest = BTreeMap::new();
    for (session_id, at) in seen {
        let entry = latest.entry(*session_id).or_insert(*at);
        *entry = (*entry).max(*at);
    }
    tx.writing(|connection| {
        let mut touch = connection
            .prepared("UPDATE sessions SET last_seen_at = ?2 WHERE id = ?1 AND last_seen_at < ?2")?;
        for (session_id, at) in latest {
            let values = params![session_id.uuid().into_bytes(), kept(checked_micros(at))?];
            touch.execute(values).map_err(from_sqlite)?;
        }
        Ok(())
    })
}

/// Runs a statement that finds the rows of one hash for each of them.
pub(crate) async fn rows_by_hashes(
    tx: &mut Tx,
    sql: &'static str,
    hashes: &[SecretHash],
) -> Result<Vec<Row>> {
    tx.writing(|connection| connection.all_of_each(sql, hashes))
}

pub(crate) async fn rotate_sessions(tx: &mut Tx, rotations: &[Rotation]) -> Result<()> {
    tx.writing(|connection| {
        let mut forget = connection.prepared(
            "UPDATE refresh_tokens SET successor_salt = NULL WHERE session_id = ?1 AND generation = ?2",
        )?;
        let mut replace = connection.prepared(
            "UPDATE refresh_tokens SET replaced_at = ?4, successor_salt = ?5 \
             WHERE hash = ?1 AND session_id = ?2 AND generation = ?3",
        )?;
        let mut insert = connection.prepared(
            "INSERT INTO refresh_tokens (hash, session_id, generation, created_at) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let mut advance = connection.prepared(
            "UPDATE sessions SET generation = ?2, expires_at = ?4, last_seen_at = ?3, generation_presented_at = NULL \
             WHERE id = ?1 AND generation = ?2 - 1",
        )?;
        for rotation in rotations {
            let (uuid, generation) = (rotation.session_id.uuid(), rotation.generation);
            let session_id = uuid.into_bytes();
            let at = kept(checked_micros(rotation.at))?;
            let ends_at = kept(checked_micros(rotation.expires_at))?;
            forget.execute(params![session_id, generation - 2]).map_err(from_sqlite)?;
            let replaced = replace
                .execute(params![
                    rotation.replaced_hash,
                    session_id,
                    generation - 1,
                    at,
                    rotation.successor_salt
                ])
                .map_err(from_sqlite)?;
            insert
                .execute(params![rotation.successor_hash, session_id, generation, at])
                .map_err(from_sqlite)?;
            let advanced =
                advance.execute(params![session_id, generation, at, ends_at]).map_err(from_sqlite)?;
            if (replaced, advanced) != (1, 1) {
                return Err(Error::Failed("a rotated token was not the newest".to_owned()));
            }
        }
        Ok(())
    })
}

/// Writes chained events and moves the chain's head to the last of them.
pub(crate) async fn insert_audit_events(tx: &mut Tx, events: &[AuditEvent]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    tx.writing(|connection| {
        let mut insert = connection.prepared(
            "INSERT INTO audit_events (sequence, id, at, action, actor, subject, request_id, detail, previous_hash, hash) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for event in events {
            let values = params![
                event.sequence,
                event.id.uuid().into_bytes(),
                kept(checked_micros(event.at))?,
                kept(checked_text(&event.action))?,
                kept(checked_text(&event.actor))?,
                kept(checked_text(&event.subject))?,
                kept(checked_text(&event.request_id))?,
                kept(checked_text(&event.detail))?,
                event.previous_hash,
                event.hash,
            ];
            insert.execute(values).map_err(from_sqlite)?;
        }
        move_head(connection, last)
    })
}

fn move_head(connection: &Connection, last: &AuditEvent) -> Result<()> {
    let mut update = connection.prepared("UPDATE audit_head SET sequence = ?1, hash = ?2 WHERE id = 1")?;
    update.execute(params![last.sequence, last.hash]).map_err(from_sqlite)?;
    Ok(())
}

/// A write transaction has the whole database for itself, so there is nothing left to lock.
pub(crate) async fn lock_name(tx: &mut Tx, _name: &str) -> Result<()> {
    tx.check_writable()
}

/// What both engines can keep, or a failure of the statement.
pub(crate) fn kept<T>(value: Result<T, Fault>) -> Result<T> {
    value.map_err(|fault| Error::Failed(format!("a batch can't be written: {fault}")))
}

/// Those of the members who may sign in.
pub(crate) async fn active_members(tx: &mut Tx, ids: &[MemberId]) -> Result<Vec<Row>> {
    let ids = ids.iter().map(|id| id.uuid().into_bytes()).collect::<Vec<_>>();
    tx.reading(|connection| {
        connection.all_of_each("SELECT id FROM members WHERE id = ?1 AND status = 'active'", &ids)
    })
}
