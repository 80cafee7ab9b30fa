//! Sessions and refresh tokens.

use async_trait::async_trait;
use mainstay_model::{
    MemberId, SecretHash, SessionId, Timestamp,
    session::{RefreshToken, RevokedReason, Session},
};

use crate::Result;

/// One step of a token family.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The session.
    pub session_id: SessionId,
    /// Hash of the token that is exchanged: the newest until now.
    pub replaced_hash: SecretHash,
    /// What it and its salt derive the successor from.
    pub successor_salt: [u8; 32],
    /// Hash of the successor.
    pub successor_hash: SecretHash,
    /// The successor's number.
    pub generation: i64,
    /// When.
    pub at: Timestamp,
    /// The session's new sliding end.
    pub expires_at: Timestamp,
}

/// Sessions. Rows of ended sessions stay until retention removes them.
#[async_trait]
pub trait SessionStore: Send {
    /// Adds a session with its first refresh token.
    async fn insert_session(&mut self, session: &Session, token: &RefreshToken) -> Result<()>;
    /// Reads one, live or not.
    async fn session_by_id(&mut self, id: SessionId) -> Result<Option<Session>>;
    /// A member's sessions that are live at `now`, newest first; at most 100.
    async fn live_sessions_of_member(&mut self, member_id: MemberId, now: Timestamp) -> Result<Vec<Session>>;
    /// Finds a refresh token and its session by the token's hash, without a lock.
    async fn session_by_refresh_hash(&mut self, hash: &SecretHash)
    -> Result<Option<(Session, RefreshToken)>>;
    /// The same, and keeps others from changing the session until the transaction ends. Write transactions only.
    async fn lock_session_by_refresh_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(Session, RefreshToken)>>;
    /// Hot path: the same for many tokens, locked in the order of their sessions' ids; one answer per hash, in order. Write
    /// transactions only.
    async fn lock_sessions_by_refresh_hashes(
        &mut self,
        hashes: &[SecretHash],
    ) -> Result<Vec<Option<(Session, RefreshToken)>>>;
    /// Hot path: exchanges each session's newest token for its successor: marks the old one replaced, forgets the salt of the
    /// one before it, adds the new one, moves the session's generation, end and last-seen time, and clears
    /// `generation_presented_at`. The sessions must be locked, and each may be named once. A token that is not the newest is a
    /// bug of the caller, and nothing is kept then.
    async fn rotate_sessions(&mut self, rotations: &[Rotation]) -> Result<()>;
    /// Notes the first presentation of the newest generation. Answers false when it is not the newest or was noted before.
    async fn mark_generation_presented(
        &mut self,
        id: SessionId,
        generation: i64,
        at: Timestamp,
    ) -> Result<bool>;
    /// Moves `last_seen_at` forward for each; later values stay.
    async fn touch_sessions(&mut self, seen: &[(SessionId, Timestamp)]) -> Result<()>;
    /// Removes one with its tokens, live or not, so that its values may be used again. Only the tests' own sign-in has reason
    /// to. Answers whether there was one.
    async fn delete_session(&mut self, id: SessionId) -> Result<bool>;
    /// Ends one. Answers false when there is none or it was ended before.
    async fn revoke_session(&mut self, id: SessionId, reason: RevokedReason, at: Timestamp) -> Result<bool>;
    /// Ends a member's live sessions but the `kept` newest. Answers which; 1000 at most, so that a call has an end.
    async fn revoke_oldest_sessions_of_member(
        &mut self,
        member_id: MemberId,
        kept: u32,
        reason: RevokedReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>>;
    /// Ends all of a member's sessions that are not ended yet, except one. Answers which.
    async fn revoke_sessions_of_member(
        &mut self,
        member_id: MemberId,
        except: Option<SessionId>,
        reason: RevokedReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>>;
}
