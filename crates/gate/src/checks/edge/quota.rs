//! Quotas as answers tell them (draft-ietf-httpapi-ratelimit-headers), and bursts that go just beyond one.

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::limits::{BURST_AT_ONCE, BURST_SECONDS, QUOTA_MAX};
use crate::{
    check::Ended,
    client::{Answer, Call},
};

/// How many requests may come in how much time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) class: String,
    pub(super) limit: u32,
    pub(super) window_seconds: u32,
}

impl Quota {
    /// What an answer says of the quota that it was counted against.
    ///
    /// # Errors
    /// [`Ended::Fail`] when it says nothing that can be read.
    pub(super) fn told(answer: &Answer) -> Result<Self, Ended> {
        let said = answer.header("ratelimit-policy").unwrap_or_default();
        let unsaid = || Ended::fail(format!("an answer does not tell its quota: ratelimit-policy: {said:?}"));
        Self::parse(said).ok_or_else(unsaid)
    }

    /// The same, for a quota that is to be filled.
    ///
    /// # Errors
    /// As [`Self::told`], and [`Ended::Unanswerable`] when the quota is too large.
    pub(super) fn of(answer: &Answer) -> Result<Self, Ended> {
        let quota = Self::told(answer)?;
        if quota.limit > QUOTA_MAX {
            let why =
                format!("the quota of {} requests is larger than the gate fills ({QUOTA_MAX})", quota.limit);
            return Err(Ended::Unanswerable(why));
        }
        Ok(quota)
    }

    fn parse(policy: &str) -> Option<Self> {
        let mut parts = policy.split(';').map(str::trim);
        let class = parts.next()?.trim_matches('"').to_owned();
        let (mut limit, mut window_seconds) = (None, None::<u32>);
        for part in parts {
            match part.split_once('=') {
                Some(("q", value)) => limit = value.parse().ok(),
                Some(("w", value)) => window_seconds = value.parse().ok(),
                _ => {}
            }
        }
        Some(Self { class, limit: limit?, window_seconds: window_seconds?.max(1) })
    }

    /// So many requests are more than the quota, even while it fills again.
    pub(super) fn beyond(&self) -> u32 {
        let refilled = self.limit.saturating_mul(BURST_SECONDS) / self.window_seconds;
        self.limit + self.limit / 10 + refilled + 5
    }
}

/// What is left of a quota, as an answer says.
pub(super) fn remaining(answer: &Answer) -> Option<u32> {
    let said = answer.header("ratelimit")?;
    said.split(';').find_map(|part| part.trim().strip_prefix("r=")).and_then(|left| left.parse().ok())
}

/// Sends many requests at once.
pub(super) async fn burst(calls: Vec<Call>) -> Result<Vec<Answer>, Ended> {
    stream::iter(calls.into_iter().map(|call| call.only_counted().send()))
        .buffer_unordered(BURST_AT_ONCE)
        .try_collect()
        .await
}

/// How many answers said that there were too many requests.
pub(super) fn refused(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 429).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_read_from_the_policy() {
        let quota = Quota::parse("\"auth\";q=60;w=60").expect("a quota");
        assert_eq!((quota.class.as_str(), quota.limit, quota.window_seconds), ("auth", 60, 60));
        assert!(quota.beyond() > 70);
        assert_eq!(Quota::parse("\"auth\";q=60"), None);
        assert_eq!(Quota::parse(""), None);
    }
}
