//! The token bucket as one number: the moment at which the bucket will be full again. Known as GCRA, from ITU-T I.371, where it
//! is the "theoretical arrival time".

use mainstay_services::ports::{Decision, Quota};

use super::{duration, micros};

/// A quota in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// What one request costs.
    pub(super) cost: i64,
    /// What an empty bucket lacks.
    pub(super) capacity: i64,
}

impl Rate {
    /// None for a quota that lets nothing pass.
    pub(super) fn new(quota: Quota) -> Option<Self> {
        if quota.limit == 0 {
            return None;
        }
        let limit = i64::from(quota.limit);
        let cost = (micros(quota.window) / limit).max(1);
        Some(Self { cost, capacity: cost.saturating_mul(limit) })
    }

    /// Takes one request at `now` from a bucket that would be full at `full_at`; answers whether it may pass and when the bucket is
    /// full then.
    pub(super) fn take(self, full_at: i64, now: i64) -> (bool, i64) {
        // The upper bound is for a clock that stepped back: nobody waits for longer than an empty bucket takes to fill.
        let full_at = full_at.clamp(now, now.saturating_add(self.capacity));
        let after = full_at.saturating_add(self.cost);
        if after - now > self.capacity { (false, full_at) } else { (true, after) }
    }

    /// What to tell the caller, from what the bucket lacks now.
    pub(super) fn decision(self, allowed: bool, lacks: i64) -> Decision {
        let remaining = (self.capacity - lacks).max(0) / self.cost;
        let retry_after = if allowed { 0 } else { lacks + self.cost - self.capacity };
        Decision {
            allowed,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_after: duration(lacks),
            retry_after: duration(retry_after),
        }
    }
}

/// The answer to every request under a quota that lets nothing pass.
pub(super) fn never(quota: Quota) -> Decision {
    Decision { allowed: false, remaining: 0, reset_after: quota.window, retry_after: quota.window }
}
