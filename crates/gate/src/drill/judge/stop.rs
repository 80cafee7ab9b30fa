//! Judges an orderly stop: what was accepted gets its whole answer, and the process ends in time.

use std::time::Duration;

use super::words;
use crate::check::Ended;

/// How a request ended that the server had accepted before it was told to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The whole answer came: its status, and the new note's id.
    Whole(u16, String),
    /// It did not.
    Cut(String),
}

/// An orderly stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) accepted: Vec<Finish>,
    /// Writes that were carried out and whose clients got no answer. One that had not begun may be refused by closing its connection.
    pub(crate) unanswered_there: usize,
    pub(crate) took: Duration,
    /// Whether the exit code was 0.
    pub(crate) is_clean: bool,
}

/// Judges it.
///
/// # Errors
/// [`Ended::Fail`] for a request that was cut off or refused, an end that came too late, or one with an error.
pub(crate) fn judge(stop: &Stop, within: Duration) -> Result<(), Ended> {
    if stop.accepted.is_empty() {
        return Err(Ended::error("no request was under way, so nothing is known"));
    }
    for (number, finish) in stop.accepted.iter().enumerate() {
        match finish {
            Finish::Whole(201, _) => {}
            Finish::Whole(status, _) => {
                return Err(Ended::fail(format!("accepted request {number} was answered {status}")));
            }
            Finish::Cut(how) => {
                return Err(Ended::fail(format!("accepted request {number} was cut off: {how}")));
            }
        }
    }
    if stop.unanswered_there > 0 {
        return Err(Ended::fail(format!(
            "{} requests were carried out and not answered",
            stop.unanswered_there
        )));
    }
    if stop.took > within {
        return Err(Ended::fail(format!("the process took {} to end", words(stop.took))));
    }
    if !stop.is_clean {
        return Err(Ended::fail("the process ended with an error"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(accepted: &[Finish]) -> Stop {
        Stop {
            accepted: accepted.to_vec(),
            unanswered_there: 0,
            took: Duration::from_secs(1),
            is_clean: true,
        }
    }

    fn outcome(stop: &Stop) -> Result<(), Ended> {
        judge(stop, Duration::from_secs(10))
    }

    #[test]
    fn whole_answers_in_time_pass() {
        assert!(outcome(&stop(&[Finish::Whole(201, "1".to_owned())])).is_ok());
    }

    #[test]
    fn bad_ends_fail() {
        let whole = || Finish::Whole(201, "1".to_owned());
        let bad = [
            stop(&[whole(), Finish::Cut("connection reset".to_owned())]),
            stop(&[Finish::Whole(503, String::new())]),
            Stop { took: Duration::from_secs(11), ..stop(&[whole()]) },
            Stop { unanswered_there: 1, ..stop(&[whole()]) },
            Stop { is_clean: false, ..stop(&[whole()]) },
        ];
        for bad in bad {
            assert!(matches!(outcome(&bad), Err(Ended::Fail(_))), "{bad:?}");
        }
        assert!(matches!(outcome(&stop(&[])), Err(Ended::Error(_))));
    }
}
