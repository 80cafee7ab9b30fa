//! The limiter of a single node.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mainstay_services::ports::{Admission, Backoff, Clock, Decision, Limiter, LimiterUnavailable, Quota};

use super::{
    bucket::{Rate, never},
    duration,
    failures::Failures,
    sharded::{Fading, Sharded},
};
use crate::limits;

/// When a bucket is full; a full bucket is the same as none.
#[derive(Default)]
struct FullAt(i64);

impl Fading for FullAt {
    fn worthless_at(&self) -> i64 {
        self.0
    }

    fn worth(&self) -> i64 {
        self.0
    }
}

impl Fading for Failures {
    fn worthless_at(&self) -> i64 {
        self.forgotten_at
    }

    /// Waits are what counts: fresh keys with a failure or two, of which anybody can make many, go before them.
    fn worth(&self) -> i64 {
        self.until
    }
}

/// Counts in this process's memory, within a bound. Failures are kept apart from buckets: whoever floods it with fresh keys
/// can't wash away the back-off of another.
pub struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    buckets: Sharded<FullAt>,
    failures: Sharded<Failures>,
}

impl MemoryLimiter {
    /// Empty, with the usual bound.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_keys_max(clock, limits::LIMITER_KEYS_MAX)
    }

    /// Empty, with a bound on the number of keys of each kind.
    #[must_use]
    pub fn with_keys_max(clock: Arc<dyn Clock>, keys_max: usize) -> Self {
        Self { clock, buckets: Sharded::new(keys_max), failures: Sharded::new(keys_max) }
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Result<Decision, LimiterUnavailable> {
        let Some(rate) = Rate::new(quota) else { return Ok(never(quota)) };
        let now = self.clock.now().micros();
        let (allowed, full_at) = self.buckets.change(key, now, |bucket| {
            let (allowed, full_at) = rate.take(bucket.0, now);
            bucket.0 = full_at;
            (allowed, full_at)
        });
        Ok(rate.decision(allowed, full_at - now))
    }

    async fn backoff_remaining(&self, key: &str) -> Result<Duration, LimiterUnavailable> {
        let until = self.failures.read(key, |failures| failures.map_or(0, |failures| failures.until));
        Ok(duration(until - self.clock.now().micros()))
    }

    async fn record_failure(&self, key: &str, backoff: Backoff) -> Result<Duration, LimiterUnavailable> {
        let now = self.clock.now().micros();
        let until = self.failures.change(key, now, |failures| {
            *failures = failures.and_one(backoff, now);
            failures.until
        });
        Ok(duration(until - now))
    }

    async fn admit(&self, key: &str, backoff: Backoff) -> Result<Admission, LimiterUnavailable> {
        let now = self.clock.now().micros();
        Ok(self.failures.change(key, now, |failures| failures.admit(backoff, now)))
    }

    async fn clear_failures(&self, key: &str) -> Result<(), LimiterUnavailable> {
        self.failures.remove(key);
        Ok(())
    }

    async fn ping(&self) -> Result<(), LimiterUnavailable> {
        Ok(())
    }
}
