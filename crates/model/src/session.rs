//! Sessions and their refresh tokens: one session is one family of tokens, each replaced by the next.

use crate::{MemberId, SecretHash, SessionId, Timestamp, text::state};

state! {
    /// How the member proved who they are.
    pub enum SignInMethod {
        /// A passkey with user verification.
        Passkey = "passkey",
        /// Google through OIDC.
        Google = "google",
        /// Apple through OIDC.
        Apple = "apple",
        /// A mailed one-time code.
        EmailCode = "email_code",
        /// A password of an imported member.
        Password = "password",
        /// The tests' own way in, never in production.
        Test = "test",
    }
}

state! {
    /// Why a session is over.
    pub enum RevokedReason {
        /// The member signed out there.
        Logout = "logout",
        /// The member ended it from another device.
        EndedByMember = "ended_by_member",
        /// A refresh token was used again in a way that only theft explains.
        RefreshReuse = "refresh_reuse",
        /// The member was barred.
        Banned = "banned",
        /// The member's role changed, so tokens that state the old one must die.
        RoleChanged = "role_changed",
        /// Somebody proved the address for the first time; what was made before is not theirs.
        AddressProven = "address_proven",
        /// A new sign-in in the same browser took its place.
        Replaced = "replaced",
        /// The member has too many; it was the oldest.
        Surplus = "surplus",
        /// An operator ended it.
        EndedByOperator = "ended_by_operator",
    }
}

/// How a client carries its tokens; fixed at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posture {
    /// Cookies that no script can read.
    Browser,
    /// Bearer tokens, for native apps and servers.
    Bearer,
}

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which; the `sid` of its access tokens.
    pub id: SessionId,
    /// Whose.
    pub member_id: MemberId,
    /// How it began.
    pub method: SignInMethod,
    /// Address it was made from, as text; empty when unknown.
    pub created_ip: String,
    /// User agent it was made with, cut to a bound.
    pub created_agent: String,
    /// Start.
    pub created_at: Timestamp,
    /// Last proof of who the member is; a fresh proof opens the guarded actions.
    pub signed_in_at: Timestamp,
    /// Last seen, to about a minute.
    pub last_seen_at: Timestamp,
    /// End unless refreshed before (slides).
    pub expires_at: Timestamp,
    /// End whatever happens.
    pub absolute_expires_at: Timestamp,
    /// The newest refresh token's number, from 1.
    pub generation: i64,
    /// When a token of the newest generation was first presented, refresh or access; none while it never was.
    pub generation_presented_at: Option<Timestamp>,
    /// When it was ended early.
    pub revoked_at: Option<Timestamp>,
    /// Why it was ended early.
    pub revoked_reason: Option<RevokedReason>,
}

impl Session {
    /// Whether tokens of it are good at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && now < self.absolute_expires_at
    }
}

/// One refresh token of a session, known only by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub hash: SecretHash,
    /// Its session.
    pub session_id: SessionId,
    /// Its number within the session, from 1.
    pub generation: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was exchanged for its successor; none while it is the newest.
    pub replaced_at: Option<Timestamp>,
    /// Random value from which, with this token itself, the successor is derived again; forgotten once the successor
    /// was exchanged in its turn.
    pub successor_salt: Option<[u8; 32]>,
}
