//! Removing what has run out.

use async_trait::async_trait;
use mainstay_model::Timestamp;

use crate::Result;

/// What is old enough.
#[derive(Clone, Copy, Debug)]
pub struct ExpiredBefore {
    /// Flows, and values that could be spent once, that expired before.
    pub flows: Timestamp,
    /// Sessions that expired or were ended before.
    pub sessions: Timestamp,
    /// Jobs set aside that were due for the last time before.
    pub jobs: Timestamp,
    /// Keys of postings that were used before.
    pub posting_keys: Timestamp,
    /// Outgoing events that happened before.
    pub outgoing_events: Timestamp,
    /// What events of the inbox say that were settled before.
    pub inbox_bodies: Timestamp,
}

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
    /// Jobs that were set aside.
    pub jobs: u64,
    /// Keys of postings.
    pub posting_keys: u64,
    /// Outgoing events with their deliveries.
    pub outgoing_events: u64,
    /// Secrets of endpoints that do not sign any more.
    pub endpoint_secrets: u64,
    /// What events of the inbox say; the events stay.
    pub inbox_bodies: u64,
}

impl ExpiredRows {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.sessions
            + self.ceremonies
            + self.oauth_flows
            + self.email_flows
            + self.spent
            + self.jobs
            + self.posting_keys
            + self.outgoing_events
            + self.endpoint_secrets
            + self.inbox_bodies
    }
}

/// Retention.
#[async_trait]
pub trait RetentionStore: Send {
    /// Removes up to `limit` rows of each kind; `now` is told where a row stays and only a part of it goes.
    async fn delete_expired(
        &mut self,
        before: &ExpiredBefore,
        now: Timestamp,
        limit: u32,
    ) -> Result<ExpiredRows>;
}
