//! The inbox: what payment providers sent, each event once (WHK-3), and what became of it.

use crate::{InboxEventId, SecretHash, Timestamp, text::state};

state! {
    /// What became of an event.
    pub enum InboxState {
        /// Its effect is there.
        Done = "done",
        /// Its effect failed and is tried again.
        Failed = "failed",
        /// Its effect failed too often; a person must look at it.
        SetAside = "set_aside",
        /// It has no effect, by its kind or because an operator said so.
        Ignored = "ignored",
    }
}

/// How far an event's effect has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxProgress {
    /// What became of it.
    pub state: InboxState,
    /// How often its effect was tried.
    pub attempts: i64,
    /// When it is tried again; only while it is failed.
    pub next_at: Option<Timestamp>,
    /// Why it failed, in one word; never the sender's text.
    pub last_error: Option<String>,
    /// When that was found.
    pub updated_at: Timestamp,
}

/// An event without what it says, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxHead {
    /// Which.
    pub id: InboxEventId,
    /// The configured source that it came from.
    pub source: String,
    /// What the source calls it; one source never uses a name twice.
    pub event_id: String,
    /// What it is about, as the source calls it.
    pub kind: String,
    /// When it happened, as the source says.
    pub occurred_at: Option<Timestamp>,
    /// When it came.
    pub received_at: Timestamp,
    /// Its age in seconds when it came, if that was more than the replay window and it was taken all the same.
    pub late_s: Option<i64>,
    /// How far its effect has come.
    pub progress: InboxProgress,
    /// When what it says was removed, long after it was settled; its effect can't be had again.
    pub body_removed_at: Option<Timestamp>,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxEvent {
    /// All but what it says.
    pub head: InboxHead,
    /// What it says, as it came; empty once it was removed.
    pub body: Vec<u8>,
    /// SHA-256 of what must not differ between two deliveries of one event.
    pub fingerprint: SecretHash,
}
