//! The statements that only this dialect knows: batches travel as one array for each column and are put together by UNNEST;
//! rows are locked in the order of their ids, so that two batches never wait for one another.

use std::collections::BTreeMap;

use mainstay_model::{
    MemberId, NoteId, SecretHash, SessionId, Timestamp, audit::AuditEvent, job::Job, note::Note,
};
use mainstay_store::{Error, Result, Rotation};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    note, row,
    value::{Document, Text, query},
};

/// Seed of the hash that turns a name into an advisory lock, so that other users of such locks are not met by chance.
const NAME_LOCK_SEED: i64 = 0x6d61_696e_7374_6179;

pub(crate) fn column<T, C>(items: &[T], column: impl Fn(&T) -> C) -> Vec<C> {
    items.iter().map(column).collect()
}

pub(crate) async fn insert_notes(tx: &mut Tx, notes: &[Note]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let statement = query(
        "INSERT INTO notes (id, member_id, text, tags, pinned, created_at, updated_at) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(column(notes, |note| note.id.uuid()))
    .bind(column(notes, |note| note.member_id.uuid()))
    .bind(notes.iter().map(|note| Text(&note.text)).collect::<Vec<_>>())
    .bind(notes.iter().map(|note| Document(&note.tags)).collect::<Vec<_>>())
    .bind(column(notes, |note| note.pinned))
    .bind(column(notes, |note| Ts(note.created_at)))
    .bind(column(notes, |note| Ts(note.updated_at)));
    tx.write(statement).await?;
    Ok(())
}

/// Runs a statement that finds the rows of a batch of hashes.
pub(crate) async fn rows_by_hashes(
    tx: &mut Tx,
    sql: &'static str,
    hashes: &[SecretHash],
) -> Result<Vec<Row>> {
    tx.write_all(query(sql).bind(column(hashes, |hash| hash.to_vec()))).await
}

pub(crate) async fn rotate_sessions(tx: &mut Tx, rotations: &[Rotation]) -> Result<()> {
    if rotations.is_empty() {
        return Ok(());
    }
    let ids = column(rotations, |rotation| rotation.session_id.uuid());
    let generations = column(rotations, |rotation| rotation.generation);
    let ats = column(rotations, |rotation| Ts(rotation.at));
    // The token that is replaced, and the one before it, whose salt is no longer needed.
    tx.write(
        query(
            "UPDATE refresh_tokens AS t SET successor_salt = NULL FROM UNNEST($1, $2) AS r (session_id, generation) \
             WHERE t.session_id = r.session_id AND t.generation = r.generation - 2",
        )
        .bind(ids.clone())
        .bind(generations.clone()),
    )
    .await?;
    let replaced = tx
        .write(
            query(
                "UPDATE refresh_tokens AS t SET replaced_at = r.at, successor_salt = r.salt \
                 FROM UNNEST($1, $2, $3, $4, $5) AS r (session_id, generation, at, hash, salt) \
                 WHERE t.hash = r.hash AND t.session_id = r.session_id AND t.generation = r.generation - 1",
            )
            .bind(ids.clone())
            .bind(generations.clone())
            .bind(ats.clone())
            .bind(column(rotations, |rotation| rotation.replaced_hash.to_vec()))
            .bind(column(rotations, |rotation| rotation.successor_salt.to_vec())),
        )
        .await?;
    tx.write(
        query(
            "INSERT INTO refresh_tokens (session_id, generation, created_at, hash) \
             SELECT * FROM UNNEST($1, $2, $3, $4)",
        )
        .bind(ids.clone())
        .bind(generations.clone())
        .bind(ats.clone())
        .bind(column(rotations, |rotation| rotation.successor_hash.to_vec())),
    )
    .await?;
    let moved = tx
        .write(
            query(
                "UPDATE sessions AS s SET generation = r.generation, last_seen_at = r.at, expires_at = r.expires_at, \
                 generation_presented_at = NULL FROM UNNEST($1, $2, $3, $4) AS r (session_id, generation, at, expires_at) \
                 WHERE s.id = r.session_id AND s.generation = r.generation - 1",
            )
            .bind(ids)
            .bind(generations)
            .bind(ats)
            .bind(column(rotations, |rotation| Ts(rotation.expires_at))),
        )
        .await?;
    let all = rotations.len() as u64;
    if replaced != all || moved != all {
        return Err(tx.refuse(Error::Failed("a rotated token was not the newest".to_owned())));
    }
    Ok(())
}

/// The notes of these pairs that there are, in any order.
pub(crate) async fn notes_by_ids(tx: &mut Tx, wanted: &[(MemberId, NoteId)]) -> Result<Vec<Note>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let statement = query(
        "SELECT n.id, n.member_id, n.text, n.tags, n.pinned, n.created_at, n.updated_at \
         FROM UNNEST($1, $2) AS w (member_id, id) JOIN notes AS n ON n.id = w.id AND n.member_id = w.member_id",
    )
    .bind(column(wanted, |(member_id, _)| member_id.uuid()))
    .bind(column(wanted, |(_, id)| id.uuid()));
    let rows = tx.all(statement).await?;
    row::read_all(&rows, note::note)
}

/// A member's notes before an id, newest first.
pub(crate) async fn newest_notes(
    tx: &mut Tx,
    member_id: MemberId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Note>> {
    let statement = query(
        "SELECT id, member_id, text, tags, pinned, created_at, updated_at FROM notes \
         WHERE member_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    );
    let rows = tx.all(statement.bind(member_id.uuid()).bind(before).bind(limit)).await?;
    row::read_all(&rows, note::note)
}

pub(crate) async fn insert_jobs(tx: &mut Tx, jobs: &[Job]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let statement = query(
        "INSERT INTO jobs (id, kind, sealed_payload, attempts, created_at, run_at, set_aside) \
         SELECT j.*, false FROM UNNEST($1, $2, $3, $4, $5, $6) AS j",
    )
    .bind(column(jobs, |job| job.id.uuid()))
    .bind(column(jobs, |job| job.kind.as_str()))
    .bind(jobs.iter().map(|job| &job.sealed_payload[..]).collect::<Vec<_>>())
    .bind(column(jobs, |job| job.attempts))
    .bind(column(jobs, |job| Ts(job.created_at)))
    .bind(column(jobs, |job| Ts(job.run_at)));
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn claim_jobs(
    tx: &mut Tx,
    now: Timestamp,
    claimed_until: Timestamp,
    limit: u32,
) -> Result<Vec<Row>> {
    // Materialised, because the planner may otherwise run the limited part more than once and lock more than it answers.
    tx.write_all(
        query(
            "WITH due AS MATERIALIZED (SELECT id FROM jobs WHERE NOT set_aside AND run_at <= $1 \
             AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
             UPDATE jobs AS j SET claimed_until = $2 FROM due WHERE j.id = due.id \
             RETURNING j.id, j.kind, j.sealed_payload, j.attempts, j.created_at, j.run_at",
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
    tx.write(
        query(
            "WITH seen AS (SELECT s.id, u.at FROM sessions AS s JOIN UNNEST($1, $2) AS u (id, at) ON u.id = s.id \
             WHERE s.last_seen_at < u.at ORDER BY s.id FOR NO KEY UPDATE OF s) \
             UPDATE sessions AS s SET last_seen_at = GREATEST(s.last_seen_at, seen.at) FROM seen WHERE s.id = seen.id",
        )
        .bind(latest.keys().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind(latest.values().map(|at| Ts(*at)).collect::<Vec<_>>()),
    )
    .await?;
    Ok(())
}

/// Writes chained events and moves the chain's head to the last of them, in one statement.
pub(crate) async fn insert_audit_events(tx: &mut Tx, events: &[AuditEvent]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    let statement = query(
        "WITH appended AS (INSERT INTO audit_events \
         (sequence, id, at, action, actor, subject, request_id, detail, previous_hash, hash) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)) \
         UPDATE audit_head SET sequence = $11, hash = $12 WHERE id = 1",
    )
    .bind(column(events, |event| event.sequence))
    .bind(column(events, |event| event.id.uuid()))
    .bind(column(events, |event| Ts(event.at)))
    .bind(events.iter().map(|event| Text(&event.action)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.actor)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.subject)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.request_id)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| Text(&event.detail)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.previous_hash[..]).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.hash[..]).collect::<Vec<_>>())
    .bind(last.sequence)
    .bind(&last.hash[..]);
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn lock_name(tx: &mut Tx, name: &str) -> Result<()> {
    tx.write_one(
        query("SELECT true FROM pg_advisory_xact_lock(hashtextextended($1, $2))")
            .bind(Text(name))
            .bind(NAME_LOCK_SEED),
    )
    .await?;
    Ok(())
}

/// Those of the members who may sign in.
pub(crate) async fn active_members(tx: &mut Tx, ids: &[MemberId]) -> Result<Vec<Row>> {
    let statement = query("SELECT id FROM members WHERE id = ANY($1) AND status = 'active'");
    tx.all(statement.bind(column(ids, |id| id.uuid()))).await
}
