//! Judges purchase events against inbox and wallets afterwards: each is kept once, and its points were given once, however often it
//! was delivered.

use std::collections::{BTreeMap, HashMap};

use super::named;
use crate::check::Ended;

/// How one delivery ended, as the sender saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// 200: it was new.
    Recorded,
    /// 200: it was known.
    Duplicate,
    /// Another status.
    Refused(u16),
    /// Nobody listened: surely not recorded.
    Unreached,
    /// No answer: nobody knows whether it was recorded.
    Unanswered,
}

/// One event that a sender delivered until it was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// The event's id.
    pub(crate) event: String,
    /// Whose purchase it tells of, by number.
    pub(crate) member: usize,
    /// What that is worth; no two events are worth the same.
    pub(crate) points: i64,
    /// Until it was acknowledged.
    pub(crate) attempts: Vec<Attempt>,
    /// Deliveries after that, as a provider makes them now and then.
    pub(crate) again: Vec<Attempt>,
}

/// A line of a member's statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credit {
    pub(crate) member: usize,
    pub(crate) points: i64,
}

/// An event as it stands in the inbox.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) event: String,
    pub(crate) state: String,
}

/// What became of the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) acknowledged: usize,
    pub(crate) unreached: usize,
    pub(crate) unanswered: usize,
    /// By status.
    pub(crate) refused: BTreeMap<u16, usize>,
    /// Deliveries without an acknowledgement that had been recorded all the same, as the next one said.
    pub(crate) unacknowledged_there: usize,
    /// Deliveries of what was acknowledged before.
    pub(crate) again: usize,
    /// Acknowledged, and not in the inbox.
    lost: Vec<String>,
    /// In the inbox twice.
    doubled: Vec<String>,
    /// In the inbox, and nobody delivered it.
    foreign: Vec<String>,
    /// In the inbox without its effect.
    idle: Vec<String>,
    /// Acknowledged, and its points are not there.
    unpaid: Vec<String>,
    /// Its points are there twice, or with somebody else.
    overpaid: Vec<String>,
    /// Points that no event explains.
    unexplained: Vec<String>,
    /// New at a delivery after it was acknowledged, or known at the first.
    forgotten: Vec<String>,
    /// Never acknowledged.
    open: Vec<String>,
}

/// Compares what was delivered with inbox and statements.
pub(crate) fn tally(deliveries: &[Delivery], kept: &[Kept], credits: &[Credit]) -> Tally {
    let mut tally = Tally::default();
    let mut by_event: HashMap<&str, Vec<&str>> = HashMap::new();
    for event in kept {
        by_event.entry(&event.event).or_default().push(&event.state);
    }
    let mut by_points: HashMap<i64, Vec<usize>> = HashMap::new();
    for credit in credits {
        by_points.entry(credit.points).or_default().push(credit.member);
    }
    for delivery in deliveries {
        let states = by_event.remove(delivery.event.as_str()).unwrap_or_default();
        let members = by_points.remove(&delivery.points).unwrap_or_default();
        let name = || delivery.event.clone();
        if !attempts(&mut tally, delivery) {
            tally.open.push(name());
            continue;
        }
        match states[..] {
            [] => tally.lost.push(name()),
            ["done"] => {}
            [_] => tally.idle.push(name()),
            _ => tally.doubled.push(name()),
        }
        match members[..] {
            [] => tally.unpaid.push(name()),
            [member] if member == delivery.member => {}
            _ => tally.overpaid.push(name()),
        }
    }
    tally.foreign.extend(by_event.into_keys().map(str::to_owned));
    tally.unexplained.extend(by_points.into_keys().map(|points| format!("{points} points")));
    tally
}

/// Counts the attempts of a delivery; answers whether it was acknowledged.
fn attempts(tally: &mut Tally, delivery: &Delivery) -> bool {
    let (mut may_be_there, mut is_acknowledged) = (false, false);
    for attempt in &delivery.attempts {
        match attempt {
            Attempt::Recorded | Attempt::Duplicate => {
                let is_known = *attempt == Attempt::Duplicate;
                tally.acknowledged += 1;
                tally.unacknowledged_there += usize::from(is_known);
                if is_known && !may_be_there {
                    // Known, and nobody had recorded it.
                    tally.forgotten.push(delivery.event.clone());
                }
                is_acknowledged = true;
            }
            Attempt::Refused(status) => {
                may_be_there |= *status >= 500;
                *tally.refused.entry(*status).or_default() += 1;
            }
            Attempt::Unreached => tally.unreached += 1,
            Attempt::Unanswered => {
                may_be_there = true;
                tally.unanswered += 1;
            }
        }
    }
    for attempt in &delivery.again {
        match attempt {
            Attempt::Duplicate => tally.again += 1,
            Attempt::Recorded => tally.forgotten.push(delivery.event.clone()),
            Attempt::Refused(status) => *tally.refused.entry(*status).or_default() += 1,
            Attempt::Unreached => tally.unreached += 1,
            Attempt::Unanswered => tally.unanswered += 1,
        }
    }
    is_acknowledged
}

impl Tally {
    /// Whether each event is there once and has had its effect once.
    ///
    /// # Errors
    /// [`Ended::Fail`] with what is not as it should be.
    pub(crate) fn verdict(&self) -> Result<(), Ended> {
        for (events, what) in [
            (&self.lost, "acknowledged and lost"),
            (&self.doubled, "delivered as one and there twice"),
            (&self.foreign, "there and never delivered"),
            (&self.idle, "there without its effect"),
            (&self.unpaid, "acknowledged, and its points are not there"),
            (&self.overpaid, "its points were given twice, or to somebody else"),
            (&self.unexplained, "points that no event explains"),
            (&self.forgotten, "new where it was known, or known where it was new"),
            (&self.open, "never acknowledged"),
        ] {
            if !events.is_empty() {
                return Err(Ended::fail(format!("{what}: {}", named(events))));
            }
        }
        if let Some((status, count)) = self.refused.iter().find(|(status, _)| **status != 503) {
            return Err(Ended::fail(format!(
                "{count} deliveries were answered {status} in place of 200 or 503"
            )));
        }
        if self.acknowledged == 0 {
            return Err(Ended::error("nothing was acknowledged, so nothing is known"));
        }
        if self.unreached + self.unanswered == 0 {
            return Err(Ended::error("no delivery was under way when the node was killed"));
        }
        if self.again == 0 {
            return Err(Ended::error("nothing was delivered again, so nothing is known of that"));
        }
        Ok(())
    }

    /// What was counted.
    pub(crate) fn words(&self) -> String {
        let mut text = format!(
            "{} events, each in the inbox once and paid once; {} deliveries got no answer",
            self.acknowledged, self.unanswered
        );
        if self.unreached > 0 {
            text.push_str(&format!(", {} found nobody listening", self.unreached));
        }
        let refused = self.refused.values().sum::<usize>();
        if refused > 0 {
            text.push_str(&format!(", {refused} were refused"));
        }
        text.push_str(&format!(
            "; {} of them had been recorded; {} were delivered again after they were acknowledged",
            self.unacknowledged_there, self.again
        ));
        text
    }
}

/// Members whose balance is not what their purchases come to, with both numbers.
pub(crate) fn wrong_balances(deliveries: &[Delivery], balances: &[i64]) -> Vec<String> {
    let mut wanted = vec![0; balances.len()];
    for delivery in deliveries {
        wanted[delivery.member] += delivery.points;
    }
    let pairs = wanted.iter().zip(balances).enumerate();
    let wrong = pairs.filter(|(_, (wanted, found))| wanted != found);
    wrong.map(|(number, (wanted, found))| format!("member {number} has {found}, not {wanted}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that met the killed node, was acknowledged at last, and came again.
    fn delivered(event: &str, points: i64) -> Delivery {
        Delivery {
            event: event.to_owned(),
            member: 0,
            points,
            attempts: vec![Attempt::Unanswered, Attempt::Duplicate],
            again: vec![Attempt::Duplicate],
        }
    }

    fn kept(event: &str, state: &str) -> Kept {
        Kept { event: event.to_owned(), state: state.to_owned() }
    }

    const PAID: Credit = Credit { member: 0, points: 5 };

    fn fails(delivery: &Delivery, kept: &[Kept], credits: &[Credit], with: &str) {
        match tally(std::slice::from_ref(delivery), kept, credits).verdict() {
            Err(Ended::Fail(why)) => assert!(why.contains(with), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_that_is_there_and_paid_once_passes_and_is_counted() {
        let found = tally(&[delivered("a", 5)], &[kept("a", "done")], &[PAID]);
        found.verdict().unwrap();
        assert_eq!(
            (found.acknowledged, found.unanswered, found.unacknowledged_there, found.again),
            (1, 1, 1, 1)
        );
    }

    #[test]
    fn a_lost_or_doubled_event_fails() {
        fails(&delivered("a", 5), &[], &[PAID], "acknowledged and lost: a");
        fails(&delivered("a", 5), &[kept("a", "done"), kept("a", "done")], &[PAID], "there twice: a");
        fails(&delivered("a", 5), &[kept("a", "done"), kept("b", "done")], &[PAID], "never delivered: b");
        fails(&delivered("a", 5), &[kept("a", "failed")], &[PAID], "without its effect: a");
    }

    #[test]
    fn points_that_are_missing_doubled_or_elsewhere_fail() {
        let done = [kept("a", "done")];
        fails(&delivered("a", 5), &done, &[], "points are not there: a");
        fails(&delivered("a", 5), &done, &[PAID, PAID], "given twice");
        fails(&delivered("a", 5), &done, &[Credit { member: 1, points: 5 }], "somebody else: a");
        fails(&delivered("a", 5), &done, &[PAID, Credit { member: 0, points: 6 }], "no event explains: 6");
    }

    #[test]
    fn an_event_that_is_new_again_fails() {
        let done = [kept("a", "done")];
        let forgotten = Delivery { again: vec![Attempt::Recorded], ..delivered("a", 5) };
        fails(&forgotten, &done, &[PAID], "new where it was known");
        let odd = Delivery { attempts: vec![Attempt::Unreached, Attempt::Duplicate], ..delivered("a", 5) };
        fails(&odd, &done, &[PAID], "known where it was new");
    }

    #[test]
    fn an_open_delivery_and_a_status_that_is_no_503_fail() {
        let open = Delivery { attempts: vec![Attempt::Unanswered], ..delivered("a", 5) };
        fails(&open, &[], &[], "never acknowledged: a");
        let refused =
            Delivery { attempts: vec![Attempt::Refused(409), Attempt::Recorded], ..delivered("a", 5) };
        fails(&refused, &[kept("a", "done")], &[PAID], "answered 409");
    }

    #[test]
    fn a_kill_that_met_no_delivery_is_no_pass() {
        let untouched = Delivery { attempts: vec![Attempt::Recorded], ..delivered("a", 5) };
        let found = tally(&[untouched], &[kept("a", "done")], &[PAID]);
        assert!(matches!(found.verdict(), Err(Ended::Error(_))));
    }

    #[test]
    fn balances_follow_from_the_events() {
        assert!(wrong_balances(&[delivered("a", 5)], &[5, 0]).is_empty());
        assert_eq!(wrong_balances(&[delivered("a", 5)], &[10, 0]), ["member 0 has 10, not 5"]);
    }
}
