//! The audit trail: what happened, who did it, and a hash that ties each entry to the one before.

use crate::{AuditEventId, MemberId, Timestamp};

/// Hash of the entry before the first.
pub const GENESIS: [u8; 32] = [0; 32];

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who signed in.
    Anonymous,
    /// A member.
    Member(MemberId),
    /// A service key, by its id.
    Service(crate::ServiceKeyId),
    /// The command line, with the operating system's user.
    Operator(String),
    /// Mainstay itself.
    System,
}

impl Actor {
    /// One text for the database and for search: `member:<id>`, `service:<id>`, `cli:<user>`, `system`, `anonymous`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Member(id) => format!("member:{id}"),
            Self::Service(id) => format!("service:{id}"),
            Self::Operator(user) => format!("cli:{user}"),
            Self::System => "system".to_owned(),
        }
    }
}

/// What is written about an event. `detail` holds no personal data and no secret.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// Dotted name, such as `session.refresh_reused`.
    pub action: &'static str,
    /// Who.
    pub actor: String,
    /// What it was done to: `member:<id>`, `session:<id>`, `key:<kid>`; empty when nothing.
    pub subject: String,
    /// The request in which it happened; empty outside of one.
    pub request_id: String,
    /// Values worth keeping, as a JSON object.
    pub detail: serde_json::Value,
}

/// An entry as stored. Its text fields are kept exactly as they were hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Place in the trail, from 1, without gaps.
    pub sequence: i64,
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// Dotted name.
    pub action: String,
    /// Who.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// In which request.
    pub request_id: String,
    /// JSON text.
    pub detail: String,
    /// Hash of the entry before.
    pub previous_hash: [u8; 32],
    /// Hash of this one.
    pub hash: [u8; 32],
}

impl AuditEvent {
    /// The bytes that `hash` is the SHA-256 of: every field with its length before it, so that no two events share them.
    #[must_use]
    pub fn hashed_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.previous_hash);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(self.id.uuid().as_bytes());
        bytes.extend_from_slice(&self.at.micros().to_be_bytes());
        for text in [&self.action, &self.actor, &self.subject, &self.request_id, &self.detail] {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}
