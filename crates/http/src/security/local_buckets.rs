//! Rate-limit buckets of this process, for reads while the shared limiter is away. Bounded; never a way around a closed class.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mainstay_model::Timestamp;
use mainstay_services::ports::{Decision, Quota};

use crate::security::limits::LOCAL_BUCKETS_MAX;

/// Each key's theoretical arrival time (the generic cell rate algorithm, ITU-T I.371, Annex A).
#[derive(Default)]
pub(crate) struct LocalBuckets(Mutex<HashMap<String, Timestamp>>);

impl LocalBuckets {
    /// Takes one request from a key's bucket.
    pub(crate) fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Decision {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= LOCAL_BUCKETS_MAX && !buckets.contains_key(key) {
            buckets.retain(|_, full_at| *full_at > now);
        }
        // Still full: a flood of addresses shares one bucket, rather than the memory of this machine.
        let key = if buckets.len() >= LOCAL_BUCKETS_MAX && !buckets.contains_key(key) { "" } else { key };
        let interval = quota.window / quota.limit.max(1);
        let full_at = buckets.get(key).copied().unwrap_or(now).max(now) + interval;
        let backlog = full_at.since(now);
        if backlog > quota.window {
            let retry_after = backlog.saturating_sub(quota.window);
            return Decision {
                allowed: false,
                remaining: 0,
                reset_after: backlog.saturating_sub(interval),
                retry_after,
            };
        }
        buckets.insert(key.to_owned(), full_at);
        let left = quota.window.saturating_sub(backlog).as_micros() / interval.as_micros().max(1);
        Decision {
            allowed: true,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset_after: backlog,
            retry_after: Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { limit: 3, window: Duration::from_secs(30) };

    #[test]
    fn a_bucket_empties_and_refills_evenly() {
        let buckets = LocalBuckets::default();
        let now = Timestamp::from_seconds(1_000);
        let remaining: Vec<u32> = (0..3).map(|_| buckets.take("a", QUOTA, now).remaining).collect();
        assert_eq!(remaining, [2, 1, 0]);
        let refused = buckets.take("a", QUOTA, now);
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after, Duration::from_secs(10));
        assert!(buckets.take("b", QUOTA, now).allowed);
        assert!(buckets.take("a", QUOTA, now + Duration::from_secs(10)).allowed);
        assert!(!buckets.take("a", QUOTA, now + Duration::from_secs(10)).allowed);
    }

    #[test]
    fn memory_is_bounded() {
        let buckets = LocalBuckets::default();
        let now = Timestamp::from_seconds(1_000);
        for number in 0..LOCAL_BUCKETS_MAX + 100 {
            buckets.take(&number.to_string(), QUOTA, now);
        }
        assert!(buckets.0.lock().expect("not poisoned").len() <= LOCAL_BUCKETS_MAX + 1);
    }
}
