//! Judges postings against the books afterwards: each is there once, however often it was sent, and its key answers what it came to.

use std::collections::{BTreeMap, HashMap};

use super::named;
use crate::check::Ended;

/// How one attempt to post ended, as the client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// 201 with the transfer's id.
    Acknowledged {
        transfer: String,
        /// It says that it is an answer of before.
        is_replay: bool,
    },
    /// Another status.
    Refused(u16),
    /// Nobody listened: surely not posted.
    Unreached,
    /// No answer: nobody knows whether it was posted.
    Unanswered,
}

/// One transfer that a client wanted, by its key.
#[derive(Clone, Debug)]
pub(crate) struct Posting {
    /// The key, which is also the reason that the statements show.
    pub(crate) key: String,
    /// Which members, by number.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) points: i64,
    /// Until it was acknowledged.
    pub(crate) attempts: Vec<Attempt>,
    /// What its key answered when all was over.
    pub(crate) replay: Attempt,
}

/// A line of a member's statement.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) member: usize,
    pub(crate) transfer: String,
    pub(crate) reason: String,
    pub(crate) points: i64,
}

/// What became of the postings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) acknowledged: usize,
    pub(crate) unreached: usize,
    pub(crate) unanswered: usize,
    /// By status.
    pub(crate) refused: BTreeMap<u16, usize>,
    /// Attempts without an acknowledgement that had posted all the same, as the next attempt said.
    pub(crate) unacknowledged_there: usize,
    /// Acknowledged, and not on both statements.
    lost: Vec<String>,
    /// On a statement twice.
    doubled: Vec<String>,
    /// There as something else than was acknowledged.
    altered: Vec<String>,
    /// On a statement, and nobody posted it.
    foreign: Vec<String>,
    /// The key answered something else than the first time.
    forgotten: Vec<String>,
    /// Never acknowledged.
    open: Vec<String>,
}

/// Compares what was posted with what the statements show; `before` are the reasons of lines that were there at the beginning.
pub(crate) fn tally(postings: &[Posting], lines: &[Line], before: &str) -> Tally {
    let mut tally = Tally::default();
    let mut by_reason: HashMap<&str, Vec<&Line>> = HashMap::new();
    for line in lines.iter().filter(|line| line.reason != before) {
        by_reason.entry(&line.reason).or_default().push(line);
    }
    for posting in postings {
        let shown = by_reason.remove(posting.key.as_str()).unwrap_or_default();
        let Some(transfer) = attempts(&mut tally, posting) else {
            tally.open.push(posting.key.clone());
            continue;
        };
        for (member, points) in [(posting.from, -posting.points), (posting.to, posting.points)] {
            let on = shown.iter().filter(|line| line.member == member).collect::<Vec<_>>();
            let list = match on[..] {
                [] => &mut tally.lost,
                [line] if line.transfer == transfer && line.points == points => continue,
                [_] => &mut tally.altered,
                _ => &mut tally.doubled,
            };
            list.push(posting.key.clone());
        }
        let is_elsewhere = |line: &&&Line| line.member != posting.from && line.member != posting.to;
        if shown.iter().any(|line| is_elsewhere(&line)) {
            tally.foreign.push(posting.key.clone());
        }
        if posting.replay != (Attempt::Acknowledged { transfer: transfer.to_owned(), is_replay: true }) {
            tally.forgotten.push(posting.key.clone());
        }
    }
    tally.foreign.extend(by_reason.into_keys().map(str::to_owned));
    tally
}

/// Counts the attempts of a posting; answers the transfer that acknowledged it.
fn attempts<'a>(tally: &mut Tally, posting: &'a Posting) -> Option<&'a str> {
    let (mut may_be_there, mut acknowledged) = (false, None);
    for attempt in &posting.attempts {
        match attempt {
            Attempt::Acknowledged { transfer, is_replay } => {
                tally.acknowledged += 1;
                tally.unacknowledged_there += usize::from(*is_replay);
                if *is_replay && !may_be_there {
                    // An answer of before to what nobody had carried out.
                    tally.altered.push(posting.key.clone());
                }
                acknowledged = Some(transfer.as_str());
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
    acknowledged
}

impl Tally {
    /// Whether each posting is there once.
    ///
    /// # Errors
    /// [`Ended::Fail`] with what is not as it should be.
    pub(crate) fn verdict(&self) -> Result<(), Ended> {
        for (keys, what) in [
            (&self.lost, "acknowledged and lost"),
            (&self.doubled, "posted once and there twice"),
            (&self.altered, "there as something else than was acknowledged"),
            (&self.foreign, "there and never posted"),
            (&self.forgotten, "answered otherwise when it was sent again under its key"),
            (&self.open, "never acknowledged"),
        ] {
            if !keys.is_empty() {
                return Err(Ended::fail(format!("{what}: {}", named(keys))));
            }
        }
        if let Some((status, count)) = self.refused.iter().find(|(status, _)| **status != 503) {
            return Err(Ended::fail(format!(
                "{count} postings were answered {status} in place of 201 or 503"
            )));
        }
        if self.acknowledged == 0 {
            return Err(Ended::error("nothing was acknowledged, so nothing is known"));
        }
        if self.unreached + self.unanswered == 0 {
            return Err(Ended::error("no posting was under way when the node was killed"));
        }
        Ok(())
    }

    /// What was counted.
    pub(crate) fn words(&self) -> String {
        let mut text = format!(
            "{} postings, each there once and answered alike under its key; {} attempts got no answer",
            self.acknowledged, self.unanswered
        );
        if self.unreached > 0 {
            text.push_str(&format!(", {} found nobody listening", self.unreached));
        }
        let refused = self.refused.values().sum::<usize>();
        if refused > 0 {
            text.push_str(&format!(", {refused} were refused"));
        }
        text.push_str(&format!("; {} of them had posted and were found done", self.unacknowledged_there));
        text
    }
}

/// Members whose balance is not what it was with all postings added, with both numbers.
pub(crate) fn wrong_balances(postings: &[Posting], before: i64, balances: &[i64]) -> Vec<String> {
    let mut wanted = vec![before; balances.len()];
    for posting in postings {
        wanted[posting.from] -= posting.points;
        wanted[posting.to] += posting.points;
    }
    let pairs = wanted.iter().zip(balances).enumerate();
    let wrong = pairs.filter(|(_, (wanted, found))| wanted != found);
    wrong.map(|(number, (wanted, found))| format!("member {number} has {found}, not {wanted}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "at the beginning";

    fn acknowledged(transfer: &str, is_replay: bool) -> Attempt {
        Attempt::Acknowledged { transfer: transfer.to_owned(), is_replay }
    }

    fn posting(key: &str, attempts: &[Attempt]) -> Posting {
        let replay = acknowledged("1", true);
        Posting { key: key.to_owned(), from: 0, to: 1, points: 5, attempts: attempts.to_vec(), replay }
    }

    fn line(member: usize, transfer: &str, reason: &str, points: i64) -> Line {
        Line { member, transfer: transfer.to_owned(), reason: reason.to_owned(), points }
    }

    /// Both sides of one transfer.
    fn both(transfer: &str, reason: &str) -> Vec<Line> {
        vec![line(0, transfer, reason, -5), line(1, transfer, reason, 5)]
    }

    /// One that met the killed node and was acknowledged at last.
    fn sent_again(key: &str) -> Posting {
        posting(key, &[Attempt::Unanswered, acknowledged("1", true)])
    }

    fn fails(posting: &Posting, lines: &[Line], with: &str) {
        match tally(std::slice::from_ref(posting), lines, BEFORE).verdict() {
            Err(Ended::Fail(why)) => assert!(why.contains(with), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_there_once_passes_and_is_counted() {
        let mut lines = both("1", "a");
        lines.push(line(0, "0", BEFORE, 100));
        let found = tally(&[sent_again("a")], &lines, BEFORE);
        found.verdict().unwrap();
        assert_eq!((found.acknowledged, found.unanswered, found.unacknowledged_there), (1, 1, 1));
    }

    #[test]
    fn a_lost_posting_fails_and_so_does_half_of_one() {
        fails(&sent_again("a"), &[], "acknowledged and lost: a");
        fails(&sent_again("a"), &[line(0, "1", "a", -5)], "acknowledged and lost: a");
    }

    #[test]
    fn a_doubled_posting_fails() {
        fails(&sent_again("a"), &[both("1", "a"), both("2", "a")].concat(), "there twice: a");
    }

    #[test]
    fn another_transfer_or_amount_than_was_acknowledged_fails() {
        fails(&sent_again("a"), &both("2", "a"), "something else");
        fails(&sent_again("a"), &[line(0, "1", "a", -5), line(1, "1", "a", 6)], "something else");
    }

    #[test]
    fn what_nobody_posted_fails() {
        fails(&sent_again("a"), &[both("1", "a"), both("2", "b")].concat(), "never posted: b");
        fails(&sent_again("a"), &[both("1", "a"), vec![line(2, "1", "a", 5)]].concat(), "never posted: a");
    }

    #[test]
    fn a_key_that_answers_otherwise_fails() {
        for replay in
            [acknowledged("2", true), acknowledged("1", false), Attempt::Refused(409), Attempt::Unanswered]
        {
            fails(&Posting { replay, ..sent_again("a") }, &both("1", "a"), "answered otherwise");
        }
    }

    #[test]
    fn an_answer_of_before_to_a_first_attempt_fails() {
        let odd = posting("a", &[Attempt::Unreached, acknowledged("1", true)]);
        fails(&odd, &both("1", "a"), "something else");
    }

    #[test]
    fn an_open_posting_and_a_status_that_is_no_503_fail() {
        fails(&posting("a", &[Attempt::Unanswered]), &[], "never acknowledged: a");
        let refused = posting("a", &[Attempt::Unanswered, Attempt::Refused(500), acknowledged("1", false)]);
        fails(&refused, &both("1", "a"), "answered 500");
    }

    #[test]
    fn a_kill_that_met_nobody_is_no_pass() {
        let found = tally(&[posting("a", &[acknowledged("1", false)])], &both("1", "a"), BEFORE);
        assert!(matches!(found.verdict(), Err(Ended::Error(_))));
    }

    #[test]
    fn balances_follow_from_the_postings() {
        let postings = [sent_again("a")];
        assert!(wrong_balances(&postings, 100, &[95, 105, 100]).is_empty());
        assert_eq!(wrong_balances(&postings, 100, &[95, 100, 100]), ["member 1 has 100, not 105"]);
    }
}
