//! Hints between nodes. A hint may be lost: whoever needs to be sure reads the database again within a second anyway.

use async_trait::async_trait;
use mainstay_model::{MemberId, SessionId};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// What others may want to know at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Signal {
    /// A session was ended.
    SessionEnded(SessionId),
    /// A member's role or status changed, all sessions ended, or the member is gone.
    MemberChanged(MemberId),
    /// The signing-key ring changed.
    KeyRingChanged,
    /// A service key was revoked.
    ServiceKeyRevoked,
    /// There are new jobs.
    JobsAdded,
    /// There are new events to deliver.
    EventsAdded,
    /// Hints were lost (a reconnect, a slow reader): treat everything cached as stale.
    Lagged,
}

/// Carries hints to every node, this one included.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends a hint; does not wait for anybody and does not fail.
    async fn publish(&self, signal: Signal);

    /// Everything that comes in from now on.
    fn subscribe(&self) -> broadcast::Receiver<Signal>;
}
