//! Removing what has run out.

use async_trait::async_trait;
use mainstay_model::Timestamp;

use crate::Result;

/// How many rows one call removed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpiredRows {
    /// Sessions with their tokens.
    pub sessions: u64,
    /// Passkey ceremonies.
    pub ceremonies: u64,
    /// Trips to providers.
    pub oauth_flows: u64,
    /// Mailed codes.
    pub email_flows: u64,
    /// Values that could be spent once.
    pub spent: u64,
}

impl ExpiredRows {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.sessions + self.ceremonies + self.oauth_flows + self.email_flows + self.spent
    }
}

/// Retention.
#[async_trait]
pub trait RetentionStore: Send {
    /// Removes up to `limit` rows of each kind: flows that expired before `flows_before`, and sessions that expired or were
    /// ended before `sessions_before`.
    async fn delete_expired(
        &mut self,
        flows_before: Timestamp,
        sessions_before: Timestamp,
        limit: u32,
    ) -> Result<ExpiredRows>;
}
