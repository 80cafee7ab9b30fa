//! A member's WebAuthn credential.

use crate::{MemberId, PasskeyId, Timestamp};

/// A passkey as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Passkey {
    /// Our id of it.
    pub id: PasskeyId,
    /// Whose.
    pub member_id: MemberId,
    /// The authenticator's id of it (WebAuthn credential id, at most 1023 bytes).
    pub credential_id: Vec<u8>,
    /// The library's form of the public key, the counter and the flags. Public data, no secret.
    pub credential: serde_json::Value,
    /// What the member calls it.
    pub name: String,
    /// Whether the authenticator says that it is synced (WebAuthn BS flag).
    pub backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last signed somebody in.
    pub last_used_at: Option<Timestamp>,
}
