//! Judges how long a session lives on at another node after its member signed out.

use std::time::Duration;

use super::words;
use crate::check::Ended;

/// A use of the ended session; `asked` counts from the answer to the log-out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    pub(crate) asked: Duration,
    pub(crate) status: u16,
}

/// Answers how long after the log-out the session was still taken for live.
///
/// # Errors
/// [`Ended::Fail`] when that was too long, when it came back to life, or when another status came.
pub(crate) fn judge(uses: &[Use], within: Duration) -> Result<Duration, Ended> {
    let (mut alive, mut is_ended) = (Duration::ZERO, false);
    for used in uses {
        match used.status {
            401 => is_ended = true,
            200 if is_ended => return Err(Ended::fail("the ended session came back to life")),
            200 if used.asked > within => {
                return Err(Ended::fail(format!(
                    "the session still opens the other node {} after the log-out",
                    words(used.asked)
                )));
            }
            200 => alive = used.asked,
            other => return Err(Ended::fail(format!("the other node answered {other}"))),
        }
    }
    if is_ended { Ok(alive) } else { Err(Ended::error("the session was not asked for long enough")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(uses: &[(u64, u16)]) -> Result<Duration, Ended> {
        let used = |(ms, status): &(u64, u16)| Use { asked: Duration::from_millis(*ms), status: *status };
        judge(&uses.iter().map(used).collect::<Vec<_>>(), Duration::from_secs(1))
    }

    #[test]
    fn a_session_that_ends_in_time_passes() {
        assert_eq!(outcome(&[(0, 200), (700, 200), (900, 401)]).ok(), Some(Duration::from_millis(700)));
        assert_eq!(outcome(&[(0, 401)]).ok(), Some(Duration::ZERO));
    }

    #[test]
    fn bad_ends_fail() {
        for bad in
            [&[(0, 200), (1100, 200), (1200, 401)][..], &[(0, 401), (100, 200)], &[(0, 503), (100, 401)]]
        {
            assert!(matches!(outcome(bad), Err(Ended::Fail(_))), "{bad:?}");
        }
        assert!(matches!(outcome(&[(0, 200)]), Err(Ended::Error(_))));
    }
}
