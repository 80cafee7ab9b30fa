//! The statements that only this dialect knows: batches travel as one JSON array and are taken apart by `json_each`, so that
//! one prepared statement serves a batch of any length. Bytes are hexadecimal in it.

use std::collections::BTreeMap;

use mainstay_model::{
    MemberId, NoteId, SecretHash, SessionId, Timestamp, audit::AuditEvent, job::Job, note::Note,
};
use mainstay_store::{Error, Result, Rotation};
use serde_json::{Value, json};
use sqlx::error::BoxDynError;
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{checked_micros, checked_text, query},
};

pub(crate) async fn insert_notes(tx: &mut Tx, notes: &[Note]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let rows = rows(notes, |note| {
        let tags = note.tags.iter().map(|tag| checked_text(tag)).collect::<Result<Vec<_>, _>>()?;
        Ok(json!([
            id(note.id.uuid()),
            id(note.member_id.uuid()),
            checked_text(&note.text)?,
            tags,
            note.pinned,
            checked_micros(note.created_at)?,
            checked_micros(note.updated_at)?,
        ]))
    })?;
    tx.write(
        query(
            "INSERT INTO notes (id, member_id, text, tags, pinned, created_at, updated_at) \
             SELECT unhex(j.value ->> 0), unhex(j.value ->> 1), j.value ->> 2, j.value -> 3, j.value ->> 4, \
             j.value ->> 5, j.value ->> 6 FROM json_each($1) AS j",
        )
        .bind(rows),
    )
    .await?;
    Ok(())
}

/// A note as it stands in a page: id, member, text, tags, pin, made, changed.
type Columns = (Uuid, Uuid, String, Vec<String>, i64, i64, i64);

/// Reads a page of notes. It comes as one value: every row, and every column of it, would otherwise cross the thread of the
/// connection by itself, which costs several times the search.
fn page(row: Option<&Row>) -> Result<Vec<Note>> {
    let Some(row) = row else { return Ok(Vec::new()) };
    let page: String = row::get(row, "page")?;
    let page: Vec<Columns> =
        serde_json::from_str(&page).map_err(|_| Error::Failed("a page of notes can't be read".to_owned()))?;
    let note = |(id, member_id, text, tags, pinned, created_at, updated_at): Columns| Note {
        id: NoteId::new(id),
        member_id: MemberId::new(member_id),
        text,
        tags,
        pinned: pinned != 0,
        created_at: Timestamp::from_micros(created_at),
        updated_at: Timestamp::from_micros(updated_at),
    };
    Ok(page.into_iter().map(note).collect())
}

/// The notes of these pairs that there are, in any order.
pub(crate) async fn notes_by_ids(tx: &mut Tx, wanted: &[(MemberId, NoteId)]) -> Result<Vec<Note>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = rows(wanted, |(member_id, note_id)| Ok(json!([id(member_id.uuid()), id(note_id.uuid())])))?;
    let statement = query(
        "SELECT json_group_array(json_array(hex(n.id), hex(n.member_id), n.text, json(n.tags), n.pinned, n.created_at, \
         n.updated_at)) AS page FROM json_each($1) AS j CROSS JOIN notes AS n \
         ON n.id = unhex(j.value ->> 1) AND n.member_id = unhex(j.value ->> 0)",
    );
    let row = tx.one(statement.bind(pairs)).await?;
    page(row.as_ref())
}

/// A member's notes before an id, newest first.
pub(crate) async fn newest_notes(
    tx: &mut Tx,
    member_id: MemberId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Note>> {
    let statement = query(
        "SELECT json_group_array(json_array(hex(n.id), hex(n.member_id), n.text, json(n.tags), n.pinned, n.created_at, \
         n.updated_at)) AS page FROM (SELECT * FROM notes WHERE member_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3) AS n",
    );
    let row = tx.one(statement.bind(member_id.uuid()).bind(before).bind(limit)).await?;
    let mut notes = page(row.as_ref())?;
    // An aggregate promises no order.
    notes.sort_unstable_by_key(|note| std::cmp::Reverse(note.id));
    Ok(notes)
}

pub(crate) async fn insert_jobs(tx: &mut Tx, jobs: &[Job]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let rows = rows(jobs, |job| {
        Ok(json!([
            id(job.id.uuid()),
            job.kind.as_str(),
            hex::encode_upper(&job.sealed_payload),
            job.attempts,
            checked_micros(job.created_at)?,
            checked_micros(job.run_at)?,
        ]))
    })?;
    tx.write(
        query(
            "INSERT INTO jobs (id, kind, sealed_payload, attempts, created_at, run_at, set_aside) \
             SELECT unhex(j.value ->> 0), j.value ->> 1, unhex(j.value ->> 2), j.value ->> 3, j.value ->> 4, \
             j.value ->> 5, 0 FROM json_each($1) AS j",
        )
        .bind(rows),
    )
    .await?;
    Ok(())
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
    let mut latest = BTreeMap::new();
    for (session_id, at) in seen {
        let entry = latest.entry(*session_id).or_insert(*at);
        *entry = (*entry).max(*at);
    }
    if latest.is_empty() {
        return Ok(());
    }
    let latest: Vec<_> = latest.into_iter().collect();
    let rows = rows(&latest, |(session_id, at)| Ok(json!([id(session_id.uuid()), checked_micros(*at)?])))?;
    tx.write(
        query(
            "UPDATE sessions SET last_seen_at = j.value ->> 1 FROM json_each($1) AS j \
             WHERE sessions.id = unhex(j.value ->> 0) AND sessions.last_seen_at < j.value ->> 1",
        )
        .bind(rows),
    )
    .await?;
    Ok(())
}

/// Hashes as one argument.
pub(crate) fn hashes(hashes: &[SecretHash]) -> String {
    Value::from(hashes.iter().map(hex::encode_upper).collect::<Vec<_>>()).to_string()
}

pub(crate) async fn rotate_sessions(tx: &mut Tx, rotations: &[Rotation]) -> Result<()> {
    if rotations.is_empty() {
        return Ok(());
    }
    let rows = rows(rotations, |rotation| {
        Ok(json!([
            id(rotation.session_id.uuid()),
            hex::encode_upper(rotation.replaced_hash),
            rotation.generation,
            checked_micros(rotation.at)?,
            hex::encode_upper(rotation.successor_salt),
            hex::encode_upper(rotation.successor_hash),
            checked_micros(rotation.expires_at)?,
        ]))
    })?;
    // Several statements in one call; it answers the sum of their rows.
    tx.write(
        query(
            "UPDATE refresh_tokens AS t SET successor_salt = NULL FROM json_each($1) AS j \
             WHERE t.session_id = unhex(j.value ->> 0) AND t.generation = (j.value ->> 2) - 2; \
             INSERT INTO refresh_tokens (hash, session_id, generation, created_at) \
             SELECT unhex(j.value ->> 5), unhex(j.value ->> 0), j.value ->> 2, j.value ->> 3 FROM json_each($1) AS j",
        )
        .bind(rows.clone()),
    )
    .await?;
    let moved = tx
        .write(
            query(
                "UPDATE refresh_tokens AS t SET replaced_at = j.value ->> 3, successor_salt = unhex(j.value ->> 4) \
                 FROM json_each($1) AS j WHERE t.hash = unhex(j.value ->> 1) AND t.session_id = unhex(j.value ->> 0) \
                 AND t.generation = (j.value ->> 2) - 1; \
                 UPDATE sessions AS s SET generation = j.value ->> 2, expires_at = j.value ->> 6, \
                 last_seen_at = j.value ->> 3, generation_presented_at = NULL FROM json_each($1) AS j \
                 WHERE s.id = unhex(j.value ->> 0) AND s.generation = (j.value ->> 2) - 1",
            )
            .bind(rows),
        )
        .await?;
    if moved != 2 * rotations.len() as u64 {
        return Err(tx.refuse(Error::Failed("a rotated token was not the newest".to_owned())));
    }
    Ok(())
}

/// Writes chained events and moves the chain's head to the last of them.
pub(crate) async fn insert_audit_events(tx: &mut Tx, events: &[AuditEvent]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    let rows = rows(events, |event| {
        Ok(json!([
            event.sequence,
            id(event.id.uuid()),
            checked_micros(event.at)?,
            checked_text(&event.action)?,
            checked_text(&event.actor)?,
            checked_text(&event.subject)?,
            checked_text(&event.request_id)?,
            checked_text(&event.detail)?,
            hex::encode_upper(event.previous_hash),
            hex::encode_upper(event.hash),
        ]))
    })?;
    // Two statements in one call; the numbers of the arguments run on.
    tx.write(
        query(
            "INSERT INTO audit_events (sequence, id, at, action, actor, subject, request_id, detail, previous_hash, hash) \
             SELECT j.value ->> 0, unhex(j.value ->> 1), j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, \
             j.value ->> 6, j.value ->> 7, unhex(j.value ->> 8), unhex(j.value ->> 9) FROM json_each($1) AS j; \
             UPDATE audit_head SET sequence = $2, hash = $3 WHERE id = 1",
        )
        .bind(rows)
        .bind(last.sequence)
        .bind(&last.hash[..]),
    )
    .await?;
    Ok(())
}

/// A write transaction has the whole database for itself, so there is nothing left to lock.
pub(crate) async fn lock_name(tx: &mut Tx, _name: &str) -> Result<()> {
    tx.check_writable()
}

fn id(uuid: Uuid) -> String {
    hex::encode_upper(uuid.as_bytes())
}

/// One JSON array of the items' rows.
fn rows<T>(items: &[T], row: impl Fn(&T) -> Result<Value, BoxDynError>) -> Result<String> {
    let rows = items
        .iter()
        .map(row)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::Failed(format!("a batch can't be written: {error}")))?;
    Ok(Value::Array(rows).to_string())
}
