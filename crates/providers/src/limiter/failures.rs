//! How failures add up to a wait.

use mainstay_services::ports::{Admission, Backoff};

use super::{duration, micros};

/// Beyond so many doublings every wait is the longest one.
pub(super) const DOUBLINGS_MAX: u32 = 40;

/// The failures of one key, in microseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Failures {
    count: u32,
    last: i64,
    /// Until when the key has to wait.
    pub(super) until: i64,
    /// When all this is forgotten.
    pub(super) forgotten_at: i64,
}

impl Failures {
    /// These and one more.
    pub(super) fn and_one(self, backoff: Backoff, now: i64) -> Self {
        let forget = micros(backoff.forget);
        let count = if self.last.saturating_add(forget) < now { 0 } else { self.count }.saturating_add(1);
        let wait = match count.checked_sub(backoff.free).and_then(|counted| counted.checked_sub(1)) {
            Some(doublings) => micros(backoff.base)
                .saturating_mul(1_i64 << doublings.min(DOUBLINGS_MAX))
                .min(micros(backoff.max)),
            None => 0,
        };
        let until = self.bounded(backoff, now).max(now.saturating_add(wait));
        let forgotten_at = until.max(now.saturating_add(forget));
        Self { count, last: now, until, forgotten_at }
    }

    /// Counts a try, unless it has to wait.
    pub(super) fn admit(&mut self, backoff: Backoff, now: i64) -> Admission {
        let until = self.bounded(backoff, now);
        if until > now {
            return Admission::Refused(duration(until - now));
        }
        *self = self.and_one(backoff, now);
        Admission::Counted(duration(self.until - now))
    }

    /// Until when the key has to wait: a clock that stepped back must not leave a wait beyond the longest one.
    fn bounded(&self, backoff: Backoff, now: i64) -> i64 {
        self.until.min(now.saturating_add(micros(backoff.max)))
    }
}
