//! Sessions and refresh tokens.

use std::collections::HashMap;

use async_trait::async_trait;
use mainstay_model::{
    MemberId, SecretHash, SessionId, Timestamp,
    session::{RefreshToken, RevokedReason, Session},
};
use mainstay_store::{Result, Rotation, SessionStore};
use uuid::Uuid;

use crate::{
    Tx, batch,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

macro_rules! columns {
    () => {
        "s.id, s.member_id, s.method, s.created_ip, s.created_agent, s.created_at, s.signed_in_at, s.last_seen_at, \
         s.expires_at, s.absolute_expires_at, s.generation, s.generation_presented_at, s.revoked_at, \
         s.revoked_reason"
    };
}

macro_rules! with_refresh_token {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            ", t.hash AS token_hash, t.generation AS token_generation, t.created_at AS token_created_at, \
             t.replaced_at AS token_replaced_at, t.successor_salt AS token_successor_salt \
             FROM sessions AS s JOIN refresh_tokens AS t ON t.session_id = s.id "
        )
    };
}

macro_rules! by_refresh_hash {
    () => {
        concat!(with_refresh_token!(), "WHERE t.hash = $1")
    };
}

fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: SessionId::new(row::uuid(row, "id")?),
        member_id: MemberId::new(row::uuid(row, "member_id")?),
        method: row::word(row, "method")?,
        created_ip: row::get(row, "created_ip")?,
        created_agent: row::get(row, "created_agent")?,
        created_at: row::at(row, "created_at")?,
        signed_in_at: row::at(row, "signed_in_at")?,
        last_seen_at: row::at(row, "last_seen_at")?,
        expires_at: row::at(row, "expires_at")?,
        absolute_expires_at: row::at(row, "absolute_expires_at")?,
        generation: row::get(row, "generation")?,
        generation_presented_at: row::at_opt(row, "generation_presented_at")?,
        revoked_at: row::at_opt(row, "revoked_at")?,
        revoked_reason: row::word_opt(row, "revoked_reason")?,
    })
}

fn session_and_token(row: &Row) -> Result<(Session, RefreshToken)> {
    let session = session(row)?;
    let token = RefreshToken {
        hash: row::hash(row, "token_hash")?,
        session_id: session.id,
        generation: row::get(row, "token_generation")?,
        created_at: row::at(row, "token_created_at")?,
        replaced_at: row::at_opt(row, "token_replaced_at")?,
        successor_salt: row::hash_opt(row, "token_successor_salt")?,
    };
    Ok((session, token))
}

#[async_trait]
impl SessionStore for Tx {
    async fn insert_session(&mut self, session: &Session, token: &RefreshToken) -> Result<()> {
        self.write(
            query(
                "INSERT INTO sessions (id, member_id, method, created_ip, created_agent, created_at, signed_in_at, \
                 last_seen_at, expires_at, absolute_expires_at, generation, generation_presented_at, revoked_at, \
                 revoked_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            )
            .bind(session.id.uuid())
            .bind(session.member_id.uuid())
            .bind(session.method.as_str())
            .bind(Text(&session.created_ip))
            .bind(Text(&session.created_agent))
            .bind(Ts(session.created_at))
            .bind(Ts(session.signed_in_at))
            .bind(Ts(session.last_seen_at))
            .bind(Ts(session.expires_at))
            .bind(Ts(session.absolute_expires_at))
            .bind(session.generation)
            .bind(session.generation_presented_at.map(Ts))
            .bind(session.revoked_at.map(Ts))
            .bind(session.revoked_reason.map(RevokedReason::as_str)),
        )
        .await?;
        self.write(
            query(
                "INSERT INTO refresh_tokens (hash, session_id, generation, created_at, replaced_at, successor_salt) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(&token.hash[..])
            .bind(token.session_id.uuid())
            .bind(token.generation)
            .bind(Ts(token.created_at))
            .bind(token.replaced_at.map(Ts))
            .bind(token.successor_salt.as_ref().map(|salt| &salt[..])),
        )
        .await?;
        Ok(())
    }

    async fn session_by_id(&mut self, id: SessionId) -> Result<Option<Session>> {
        let found = self
            .one(query(concat!("SELECT ", columns!(), " FROM sessions AS s WHERE s.id = $1")).bind(id.uuid()))
            .await?;
        row::read(found, session)
    }

    async fn live_sessions_of_member(&mut self, member_id: MemberId, now: Timestamp) -> Result<Vec<Session>> {
        let rows = self
            .all(
                query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM sessions AS s WHERE s.member_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 \
                     AND s.absolute_expires_at > $2 ORDER BY s.created_at DESC, s.id DESC LIMIT 100"
                ))
                .bind(member_id.uuid())
                .bind(Ts(now)),
            )
            .await?;
        row::read_all(&rows, session)
    }

    async fn session_by_refresh_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(Session, RefreshToken)>> {
        let found = self.one(query(by_refresh_hash!()).bind(&hash[..])).await?;
        row::read(found, session_and_token)
    }

    async fn lock_session_by_refresh_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(Session, RefreshToken)>> {
        // Both rows are locked, the session first: a waiter must see the token as the holder left it, too, and only
        // locked rows are read again after the wait.
        let locked =
            self.write_one(query(concat!(by_refresh_hash!(), lock_rows!("s, t"))).bind(&hash[..])).await?;
        row::read(locked, session_and_token)
    }

    async fn lock_sessions_by_refresh_hashes(
        &mut self,
        hashes: &[SecretHash],
    ) -> Result<Vec<Option<(Session, RefreshToken)>>> {
        let statement = concat!(
            with_refresh_token!(),
            "WHERE t.hash ",
            among_hashes!("$1"),
            " ORDER BY s.id, t.generation",
            lock_rows!("s, t")
        );
        let rows = batch::rows_by_hashes(self, statement, hashes).await?;
        let found: HashMap<SecretHash, _> = row::read_all(&rows, session_and_token)?
            .into_iter()
            .map(|(session, token)| (token.hash, (session, token)))
            .collect();
        Ok(hashes.iter().map(|hash| found.get(hash).cloned()).collect())
    }

    async fn rotate_sessions(&mut self, rotations: &[Rotation]) -> Result<()> {
        batch::rotate_sessions(self, rotations).await
    }

    async fn mark_generation_presented(
        &mut self,
        id: SessionId,
        generation: i64,
        at: Timestamp,
    ) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE sessions SET generation_presented_at = $3 WHERE id = $1 AND generation = $2 \
                     AND generation_presented_at IS NULL",
                )
                .bind(id.uuid())
                .bind(generation)
                .bind(Ts(at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn touch_sessions(&mut self, seen: &[(SessionId, Timestamp)]) -> Result<()> {
        batch::touch_sessions(self, seen).await
    }

    async fn revoke_session(&mut self, id: SessionId, reason: RevokedReason, at: Timestamp) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE sessions SET revoked_at = $3, revoked_reason = $2 WHERE id = $1 AND revoked_at IS NULL",
                )
                .bind(id.uuid())
                .bind(reason.as_str())
                .bind(Ts(at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn delete_session(&mut self, id: SessionId) -> Result<bool> {
        let rows = self.write(query("DELETE FROM sessions WHERE id = $1").bind(id.uuid())).await?;
        Ok(rows == 1)
    }

    async fn revoke_oldest_sessions_of_member(
        &mut self,
        member_id: MemberId,
        kept: u32,
        reason: RevokedReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>> {
        // Chosen by age, locked in the order of ids like every batch.
        let rows = self
            .write_all(
                query(concat!(
                    "UPDATE sessions SET revoked_at = $4, revoked_reason = $3 WHERE revoked_at IS NULL AND id IN \
                     (SELECT id FROM sessions WHERE id IN (SELECT id FROM sessions WHERE member_id = $1 \
                     AND revoked_at IS NULL AND expires_at > $4 AND absolute_expires_at > $4 \
                     ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $2) ORDER BY id",
                    lock_rows!(),
                    ") RETURNING id"
                ))
                .bind(member_id.uuid())
                .bind(i64::from(kept))
                .bind(reason.as_str())
                .bind(Ts(at)),
            )
            .await?;
        row::read_all(&rows, |row| row::uuid(row, "id").map(SessionId::new))
    }

    async fn revoke_sessions_of_member(
        &mut self,
        member_id: MemberId,
        except: Option<SessionId>,
        reason: RevokedReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>> {
        // Locked in the order of ids, as every batch does, so that two of them can't wait for one another.
        let rows = self
            .write_all(
                query(concat!(
                    "UPDATE sessions SET revoked_at = $4, revoked_reason = $3 WHERE revoked_at IS NULL AND id IN \
                     (SELECT id FROM sessions WHERE member_id = $1 AND revoked_at IS NULL AND id <> $2 ORDER BY id",
                    lock_rows!(),
                    ") RETURNING id"
                ))
                .bind(member_id.uuid())
                .bind(except.map_or(Uuid::nil(), SessionId::uuid))
                .bind(reason.as_str())
                .bind(Ts(at)),
            )
            .await?;
        row::read_all(&rows, |row| row::uuid(row, "id").map(SessionId::new))
    }
}
