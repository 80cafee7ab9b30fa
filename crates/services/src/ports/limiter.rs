//! Rate limits and back-off, for one node in memory or for many through Redis.

use std::time::Duration;

use async_trait::async_trait;

/// So many requests in so much time, refilled evenly (a token bucket, so that there is no edge of a window to abuse).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests; also the largest burst.
    pub limit: u32,
    /// The time in which that many are refilled.
    pub window: Duration,
}

/// What the limiter says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may pass.
    pub allowed: bool,
    /// How many more may pass at once.
    pub remaining: u32,
    /// When the bucket is full again.
    pub reset_after: Duration,
    /// When one more may pass, if this one may not.
    pub retry_after: Duration,
}

/// How repeated failures are slowed down: after `free` failures each further one doubles the wait from `base` to `max`; failures
/// are forgotten after `forget` without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Failures that cost nothing.
    pub free: u32,
    /// First wait.
    pub base: Duration,
    /// Longest wait.
    pub max: Duration,
    /// When failures are forgotten.
    pub forget: Duration,
}

/// What the limiter says to one try that counts as a failure until it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may be made, and is counted. So long the next one has to wait.
    Counted(Duration),
    /// It comes too early by so much, and is not counted.
    Refused(Duration),
}

/// The limiter's store can't be reached. The caller decides, by class, whether that closes the door.
#[derive(Debug, thiserror::Error)]
#[error("the rate-limit store is unavailable: {0}")]
pub struct LimiterUnavailable(pub String);

/// Counts requests and failures by key. Keys hold no personal data: callers hash addresses before.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Takes one request from a bucket, atomically over all nodes.
    async fn take(&self, key: &str, quota: Quota) -> Result<Decision, LimiterUnavailable>;

    /// How long a key still has to wait because of failures; zero when it need not.
    async fn backoff_remaining(&self, key: &str) -> Result<Duration, LimiterUnavailable>;

    /// Counts a failure and answers the wait that follows from it.
    async fn record_failure(&self, key: &str, backoff: Backoff) -> Result<Duration, LimiterUnavailable>;

    /// Counts a try as a failure before it is made, unless the key still has to wait; both in one step, atomically over all nodes,
    /// so that of many tries at once no more get in than one after the other.
    async fn admit(&self, key: &str, backoff: Backoff) -> Result<Admission, LimiterUnavailable>;

    /// Forgets a key's failures.
    async fn clear_failures(&self, key: &str) -> Result<(), LimiterUnavailable>;

    /// One cheap round trip, for readiness.
    async fn ping(&self) -> Result<(), LimiterUnavailable>;
}
