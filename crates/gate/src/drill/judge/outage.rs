//! Judges what clients heard before, during and after the loss of a dependency.

use std::time::Duration;

use super::words;
use crate::check::Ended;

/// One question and its answer; times count from the beginning of the sampling.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) asked: Duration,
    pub(crate) answered: Duration,
    /// Nothing when no answer came.
    pub(crate) status: Option<u16>,
    /// Whether a refusal was as it should be: a problem with `Retry-After`, or the lost dependency by its name.
    pub(crate) tells: bool,
}

/// What a route should answer while the dependency is away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// A telling 503 within this.
    Closed(Duration),
    /// Success within this.
    Open(Duration),
    /// A telling 503 from `detection` on, and each answer within `within`.
    Telling { within: Duration, detection: Duration },
}

impl Expect {
    const fn within(self) -> Duration {
        match self {
            Self::Closed(within) | Self::Open(within) | Self::Telling { within, .. } => within,
        }
    }
}

/// A route at a node.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) expect: Expect,
    /// In the order of asking.
    pub(crate) heard: Vec<Heard>,
}

/// When the dependency was away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    /// From here on it may have been away: a shutdown takes its time.
    pub(crate) beginning: Duration,
    pub(crate) began: Duration,
    pub(crate) ended: Duration,
    pub(crate) recovery_max: Duration,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    /// Until the last node said that it is not ready.
    pub(crate) detection: Duration,
    /// Until the last refusal after the dependency was back.
    pub(crate) recovery: Duration,
    /// The slowest refusal, those on the edges of the outage included, and of what.
    pub(crate) slowest: Duration,
    pub(crate) slowest_route: String,
    /// Refusals of closed routes.
    pub(crate) refused: usize,
    /// Answers of open routes.
    pub(crate) open: usize,
}

impl Timing {
    pub(crate) fn words(&self) -> String {
        format!(
            "{} refusals (slowest {}: {}), {} reads and probes went on; detected after {}, recovered {} after it was back",
            self.refused,
            words(self.slowest),
            self.slowest_route,
            self.open,
            words(self.detection),
            words(self.recovery)
        )
    }
}

/// Judges an outage.
///
/// # Errors
/// [`Ended::Fail`] with the first answer that should have been another; [`Ended::Error`] when a route was not asked at all.
pub(crate) fn judge(routes: &[Route], outage: &Outage) -> Result<Timing, Ended> {
    let mut timing = Timing::default();
    for route in routes {
        of_route(route, outage, &mut timing)?;
    }
    Ok(timing)
}

fn of_route(route: &Route, outage: &Outage, timing: &mut Timing) -> Result<(), Ended> {
    let (mut told, mut during) = (None, 0_usize);
    for heard in &route.heard {
        let took = heard.answered.saturating_sub(heard.asked);
        let fail = |what: String| {
            Err(Ended::fail(format!("{} at {} {what}", route.name, when(heard.asked, outage))))
        };
        let Some(status) = heard.status else {
            return fail(format!("got no answer within {}", words(took)));
        };
        let is_fine = (200..300).contains(&status);
        let is_refusal = status == 503 && heard.tells;
        let is_before = heard.answered <= outage.beginning;
        let is_during = heard.asked >= outage.began && heard.answered <= outage.ended;
        if took > route.expect.within() {
            return fail(format!("took {}, more than {}", words(took), words(route.expect.within())));
        }
        if is_before && !is_fine {
            return fail(format!("answered {status} while all was well"));
        }
        if is_before {
            continue;
        }
        if is_refusal && matches!(route.expect, Expect::Closed(_)) && took > timing.slowest {
            timing.slowest = took;
            timing.slowest_route.clone_from(&route.name);
        }
        if is_during {
            during += 1;
            match route.expect {
                Expect::Closed(_) if is_fine => return fail("let a request through".to_owned()),
                Expect::Closed(_) if is_refusal => {
                    timing.refused += 1;
                }
                Expect::Open(_) if is_fine => timing.open += 1,
                Expect::Telling { .. } if is_refusal => {
                    told.get_or_insert(heard.answered - outage.began);
                }
                Expect::Telling { .. } if is_fine && told.is_none() => {}
                Expect::Telling { .. } if is_fine => return fail("called itself ready again".to_owned()),
                _ => return fail(unfit(status, heard.tells)),
            }
            continue;
        }
        // On the edge of the outage, or after it: well, or still refused.
        if !is_fine && (!is_refusal || matches!(route.expect, Expect::Open(_))) {
            let is_ready = matches!(route.expect, Expect::Telling { .. }) && status == 503;
            if !is_ready {
                return fail(unfit(status, heard.tells));
            }
        }
        if !is_fine && heard.answered > outage.ended {
            let late = heard.answered - outage.ended;
            timing.recovery = timing.recovery.max(late);
            if late > outage.recovery_max {
                return fail(format!("still answers {status} {} after all was back", words(late)));
            }
        }
    }
    if during == 0 {
        return Err(Ended::error(format!("{} was not asked during the outage", route.name)));
    }
    if let Expect::Telling { detection, .. } = route.expect {
        let Some(after) = told else {
            return Err(Ended::fail(format!("{} never told of the loss", route.name)));
        };
        if after > detection {
            return Err(Ended::fail(format!("{} told of the loss only after {}", route.name, words(after))));
        }
        timing.detection = timing.detection.max(after);
    }
    let last = route.heard.last().filter(|last| last.asked >= outage.ended);
    let has_recovered = last.and_then(|last| last.status).is_some_and(|status| (200..300).contains(&status));
    if !has_recovered {
        return Err(Ended::fail(format!("{} did not recover", route.name)));
    }
    Ok(())
}

fn unfit(status: u16, tells: bool) -> String {
    match (status, tells) {
        (503, false) => {
            "answered a 503 that does not tell: no code, no Retry-After or no name of what is lost".to_owned()
        }
        _ => format!("answered {status}"),
    }
}

fn when(asked: Duration, outage: &Outage) -> String {
    if asked < outage.began {
        return format!("{} before the loss", words(outage.began - asked));
    }
    if asked < outage.ended {
        return format!("{} after the loss", words(asked - outage.began));
    }
    format!("{} after the return", words(asked - outage.ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTAGE: Outage = Outage { beginning: s(10), began: s(10), ended: s(20), recovery_max: s(5) };

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Asked, answered, status; a 503 tells.
    fn heard(asked: u64, answered: u64, status: u16) -> Heard {
        Heard { asked: s(asked), answered: s(answered), status: Some(status), tells: status == 503 }
    }

    fn route(expect: Expect, heard: &[Heard]) -> Route {
        Route { name: "route".to_owned(), expect, heard: heard.to_vec() }
    }

    fn closed(heard: &[Heard]) -> Result<Timing, Ended> {
        judge(&[route(Expect::Closed(s(2)), heard)], &OUTAGE)
    }

    fn fails(outcome: Result<Timing, Ended>, with: &str) {
        match outcome {
            Err(Ended::Fail(why)) => assert!(why.contains(with), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_history_is_measured() {
        let closed = route(
            Expect::Closed(s(2)),
            &[
                heard(1, 1, 201),
                heard(9, 11, 503),
                heard(12, 13, 503),
                heard(22, 23, 503),
                heard(24, 24, 201),
            ],
        );
        let ready = route(
            Expect::Telling { within: s(1), detection: s(4) },
            &[
                heard(1, 1, 200),
                heard(11, 11, 200),
                heard(12, 13, 503),
                heard(21, 21, 503),
                heard(25, 25, 200),
            ],
        );
        let open = route(Expect::Open(s(1)), &[heard(1, 1, 200), heard(12, 12, 200), heard(25, 25, 200)]);
        let timing = judge(&[closed, ready, open], &OUTAGE);
        let expected = Timing {
            detection: s(3),
            recovery: s(3),
            slowest: s(2),
            slowest_route: "route".to_owned(),
            refused: 1,
            open: 1,
        };
        assert_eq!(timing.ok(), Some(expected));
    }

    #[test]
    fn an_open_door_fails() {
        fails(closed(&[heard(12, 12, 201), heard(25, 25, 201)]), "let a request through");
    }

    #[test]
    fn a_late_refusal_fails() {
        fails(closed(&[heard(12, 15, 503), heard(25, 25, 201)]), "more than 2.0 s");
    }

    #[test]
    fn a_wrong_status_fails_in_every_phase() {
        fails(closed(&[heard(12, 12, 500), heard(25, 25, 201)]), "answered 500");
        fails(closed(&[heard(12, 12, 503), heard(21, 21, 500)]), "answered 500");
        fails(closed(&[heard(1, 1, 503), heard(12, 12, 503)]), "while all was well");
    }

    #[test]
    fn a_refusal_that_does_not_tell_fails() {
        let silent = Heard { tells: false, ..heard(12, 12, 503) };
        fails(closed(&[silent, heard(25, 25, 201)]), "does not tell");
    }

    #[test]
    fn no_answer_fails() {
        let none = Heard { status: None, ..heard(12, 13, 503) };
        fails(closed(&[none]), "no answer");
    }

    #[test]
    fn a_late_recovery_and_none_at_all_fail() {
        fails(closed(&[heard(12, 12, 503), heard(26, 26, 503), heard(27, 27, 201)]), "still answers 503");
        fails(closed(&[heard(12, 12, 503), heard(22, 22, 503)]), "did not recover");
        fails(closed(&[heard(12, 12, 503)]), "did not recover");
    }

    #[test]
    fn a_read_that_is_refused_fails() {
        let open = |status| {
            judge(&[route(Expect::Open(s(1)), &[heard(12, 12, status), heard(25, 25, 200)])], &OUTAGE)
        };
        fails(open(503), "answered 503");
        assert!(open(200).is_ok());
        let after = [heard(12, 12, 200), heard(21, 21, 503), heard(25, 25, 200)];
        fails(judge(&[route(Expect::Open(s(1)), &after)], &OUTAGE), "answered 503");
    }

    #[test]
    fn readiness_must_tell_in_time_and_stay_by_it() {
        let ready = |heard: &[Heard]| {
            judge(&[route(Expect::Telling { within: s(1), detection: s(4) }, heard)], &OUTAGE)
        };
        fails(ready(&[heard(12, 12, 200), heard(25, 25, 200)]), "never told");
        fails(ready(&[heard(15, 15, 503), heard(25, 25, 200)]), "only after 5.0 s");
        fails(ready(&[heard(11, 11, 503), heard(13, 13, 200), heard(25, 25, 200)]), "called itself ready");
    }

    #[test]
    fn a_route_that_was_not_asked_is_no_pass() {
        assert!(matches!(closed(&[heard(1, 1, 201), heard(25, 25, 201)]), Err(Ended::Error(_))));
    }
}
