//! How old an event may be (WHK-2). Where each delivery signs its time, an old one is a replay. Square signs none, and sends the same
//! event again for days: there the event's name, which is kept for ever, is what stops a replay, and an event that was never seen is
//! a real purchase that comes late.

use mainstay_model::Timestamp;

use super::source::{ReplayWindow, Scheme, Source};
use crate::{
    limits,
    sabotage::{self, Guard},
};

/// Why an event is refused for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutOfTime {
    /// So many seconds too long ago.
    Old(i64),
    /// So many seconds ahead.
    Ahead(i64),
    /// It says nothing of its time.
    Untold,
}

impl OutOfTime {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Old(_) => "too_old",
            Self::Ahead(_) => "in_the_future",
            Self::Untold => "no_time",
        }
    }

    /// Whole minutes, rounded away from now; below zero in the future.
    pub(super) const fn minutes(self) -> Option<i64> {
        match self {
            Self::Old(seconds) => Some((seconds + 59) / 60),
            Self::Ahead(seconds) => Some(-((seconds + 59) / 60)),
            Self::Untold => None,
        }
    }
}

/// Answers the age in seconds of an event that is late and taken all the same, and none for one in time.
pub(super) fn judge(
    source: &Source,
    signed_at: Option<Timestamp>,
    occurred_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<i64>, OutOfTime> {
    let signs_time = source.scheme().signs_time();
    let at = if signs_time { signed_at } else { occurred_at }.ok_or(OutOfTime::Untold)?;
    let tolerance = source.tolerance();
    let ahead_max = match source.scheme() {
        Scheme::Stripe { .. } => tolerance,
        _ => limits::WEBHOOK_CLOCK_AHEAD,
    };
    if sabotage::is_off(Guard::WebhookAge) {
        return Ok(None);
    }
    if at.since(now) > ahead_max {
        return Err(OutOfTime::Ahead(seconds(at, now)));
    }
    let age = now.since(at);
    if age <= tolerance {
        return Ok(None);
    }
    let is_replay =
        signs_time || source.replay_window() == ReplayWindow::Strict || sabotage::is_off(Guard::WebhookLate);
    if is_replay || age > limits::WEBHOOK_LATE_MAX {
        return Err(OutOfTime::Old(seconds(now, at)));
    }
    Ok(Some(seconds(now, at)))
}

const fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    later.seconds().saturating_sub(earlier.seconds())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp::from_seconds(seconds))
    }

    fn judged(
        scheme: Scheme,
        signed_at: Option<Timestamp>,
        occurred_at: Option<Timestamp>,
    ) -> Result<Option<i64>, OutOfTime> {
        judge(
            &Source::new("s".to_owned(), scheme),
            signed_at,
            occurred_at,
            Timestamp::from_seconds(1_000_000),
        )
    }

    #[test]
    fn t_pu_03_a_signed_time_is_taken_for_five_minutes() {
        let stripe = |t: i64| judged(Scheme::Stripe { livemode: true }, at(1_000_000 + t), at(0));
        assert_eq!((stripe(-299), stripe(299)), (Ok(None), Ok(None)));
        assert_eq!((stripe(-301), stripe(301)), (Err(OutOfTime::Old(301)), Err(OutOfTime::Ahead(301))));
        let standard = |t: i64| judged(Scheme::Standard, at(1_000_000 + t), None);
        assert_eq!((standard(-299), standard(59)), (Ok(None), Ok(None)));
        assert_eq!((standard(-301), standard(61)), (Err(OutOfTime::Old(301)), Err(OutOfTime::Ahead(61))));
        assert_eq!(judged(Scheme::Standard, None, at(1_000_000)), Err(OutOfTime::Untold));
    }

    #[test]
    fn t_pu_05_without_a_signed_time_an_event_may_be_late_for_three_days() {
        let square = || Scheme::Square { notification_url: String::new() };
        let judge_square = |t: i64| judged(square(), None, at(1_000_000 + t));
        assert_eq!(judge_square(-299), Ok(None));
        assert_eq!(judge_square(-3 * 3600), Ok(Some(3 * 3600)));
        assert_eq!(judge_square(-72 * 3600), Ok(Some(72 * 3600)));
        assert_eq!(judge_square(-72 * 3600 - 1), Err(OutOfTime::Old(72 * 3600 + 1)));
        assert_eq!(judge_square(61), Err(OutOfTime::Ahead(61)));
        let strict =
            Source::new("s".to_owned(), square()).replay(ReplayWindow::Strict, Duration::from_secs(300));
        let now = Timestamp::from_seconds(1_000_000);
        assert_eq!(judge(&strict, None, at(1_000_000 - 301), now), Err(OutOfTime::Old(301)));
    }

    #[test]
    fn whk_2_an_age_is_told_in_minutes() {
        assert_eq!(OutOfTime::Old(301).minutes(), Some(6));
        assert_eq!(OutOfTime::Ahead(61).minutes(), Some(-2));
    }
}
