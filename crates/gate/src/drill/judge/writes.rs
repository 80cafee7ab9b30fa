//! Judges acknowledged writes against what is stored afterwards: each is there, once.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::named;
use crate::check::Ended;

/// How one attempt to write ended, as the client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// 201 with the new note's id.
    Acknowledged(String),
    /// Another status.
    Refused(u16),
    /// Nobody listened: surely not written.
    Unreached,
    /// No answer: nobody knows whether it was written.
    Unanswered,
}

/// One text that a client wanted stored, and how often it had to try.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) text: String,
    pub(crate) attempts: Vec<Attempt>,
}

/// A note as it is found afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What became of the writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) acknowledged: usize,
    pub(crate) unreached: usize,
    pub(crate) unanswered: usize,
    /// By status.
    pub(crate) refused: BTreeMap<u16, usize>,
    /// Acknowledged, and not there.
    pub(crate) lost: Vec<String>,
    /// There more often than attempts without an acknowledgement explain.
    pub(crate) doubled: Vec<String>,
    /// There, and nobody wrote it.
    pub(crate) foreign: Vec<String>,
    /// Copies that stem from attempts without an answer.
    pub(crate) unanswered_there: usize,
    /// Copies that can only stem from attempts that were answered with a 5xx.
    pub(crate) refused_there: usize,
}

/// Compares what was written with what is there.
pub(crate) fn tally(writes: &[Write], stored: &[Stored]) -> Tally {
    let mut tally = Tally::default();
    let mut by_text: HashMap<&str, Vec<&str>> = HashMap::new();
    for note in stored {
        by_text.entry(&note.text).or_default().push(&note.id);
    }
    let written = writes.iter().map(|write| write.text.as_str()).collect::<HashSet<_>>();
    tally.foreign =
        by_text.keys().filter(|text| !written.contains(*text)).map(|&text| text.to_owned()).collect();
    for write in writes {
        let copies = by_text.get(write.text.as_str()).map_or(&[][..], Vec::as_slice);
        let (mut acknowledged, mut unanswered, mut refused) = (0, 0, 0);
        for attempt in &write.attempts {
            match attempt {
                Attempt::Acknowledged(id) => {
                    acknowledged += 1;
                    match copies.iter().filter(|copy| *copy == id).count() {
                        0 => tally.lost.push(write.text.clone()),
                        1 => {}
                        _ => tally.doubled.push(write.text.clone()),
                    }
                }
                Attempt::Refused(status) => {
                    refused += usize::from(*status >= 500);
                    *tally.refused.entry(*status).or_default() += 1;
                }
                Attempt::Unreached => tally.unreached += 1,
                Attempt::Unanswered => unanswered += 1,
            }
        }
        tally.acknowledged += acknowledged;
        tally.unanswered += unanswered;
        let extra = copies.len().saturating_sub(acknowledged);
        if extra > unanswered + refused {
            tally.doubled.push(write.text.clone());
            continue;
        }
        tally.unanswered_there += extra.min(unanswered);
        tally.refused_there += extra.saturating_sub(unanswered);
    }
    tally
}

impl Tally {
    /// Whether every acknowledged write is there once.
    ///
    /// # Errors
    /// [`Ended::Fail`] with what is not as it should be.
    pub(crate) fn verdict(&self) -> Result<(), Ended> {
        if !self.lost.is_empty() {
            return Err(Ended::fail(format!("acknowledged and lost: {}", named(&self.lost))));
        }
        if !self.doubled.is_empty() {
            return Err(Ended::fail(format!("written once and there twice: {}", named(&self.doubled))));
        }
        if !self.foreign.is_empty() {
            return Err(Ended::fail(format!("there and never written: {}", named(&self.foreign))));
        }
        if let Some((status, count)) = self.refused.iter().find(|(status, _)| **status != 503) {
            return Err(Ended::fail(format!("{count} writes were answered {status} in place of 201 or 503")));
        }
        if self.acknowledged == 0 {
            return Err(Ended::error("nothing was acknowledged, so nothing is known"));
        }
        Ok(())
    }

    /// What was counted.
    pub(crate) fn words(&self) -> String {
        let mut text = format!("{} acknowledged writes, each there once", self.acknowledged);
        let refused = self.refused.values().sum::<usize>();
        if refused > 0 {
            text.push_str(&format!("; {refused} were refused and tried again"));
        }
        if self.unreached > 0 {
            text.push_str(&format!("; {} attempts found nobody listening", self.unreached));
        }
        if self.unanswered > 0 {
            text.push_str(&format!("; {} got no answer and were tried again", self.unanswered));
        }
        if self.unanswered_there > 0 {
            text.push_str(&format!(", of which {} had been written", self.unanswered_there));
        }
        if self.refused_there > 0 {
            text.push_str(&format!("; {} were refused and are there nevertheless", self.refused_there));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str, attempts: &[Attempt]) -> Write {
        Write { text: text.to_owned(), attempts: attempts.to_vec() }
    }

    fn acknowledged(id: &str) -> Attempt {
        Attempt::Acknowledged(id.to_owned())
    }

    fn stored(notes: &[(&str, &str)]) -> Vec<Stored> {
        notes.iter().map(|(id, text)| Stored { id: (*id).to_owned(), text: (*text).to_owned() }).collect()
    }

    fn fails(writes: &[Write], notes: &[(&str, &str)], with: &str) {
        match tally(writes, &stored(notes)).verdict() {
            Err(Ended::Fail(why)) => assert!(why.contains(with), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_lost_write_fails() {
        let writes = [write("a", &[acknowledged("1")]), write("b", &[acknowledged("2")])];
        fails(&writes, &[("1", "a")], "lost: b");
    }

    #[test]
    fn a_write_that_came_back_under_another_id_is_lost() {
        fails(&[write("a", &[acknowledged("1")])], &[("9", "a")], "lost: a");
    }

    #[test]
    fn a_doubled_write_fails() {
        let writes = [write("a", &[acknowledged("1")])];
        fails(&writes, &[("1", "a"), ("2", "a")], "twice: a");
        fails(&writes, &[("1", "a"), ("1", "a")], "twice: a");
    }

    #[test]
    fn an_attempt_without_answer_explains_one_copy_and_no_more() {
        let writes = [write("a", &[Attempt::Unanswered, acknowledged("2")])];
        let found = tally(&writes, &stored(&[("1", "a"), ("2", "a")]));
        assert!(found.verdict().is_ok());
        assert_eq!(found.unanswered_there, 1);
        fails(&writes, &[("0", "a"), ("1", "a"), ("2", "a")], "twice: a");
    }

    #[test]
    fn an_attempt_that_reached_nobody_explains_no_copy() {
        let writes = [write("a", &[Attempt::Unreached, acknowledged("2")])];
        assert!(tally(&writes, &stored(&[("2", "a")])).verdict().is_ok());
        fails(&writes, &[("1", "a"), ("2", "a")], "twice: a");
    }

    #[test]
    fn a_refused_write_that_is_there_is_counted() {
        let writes = [write("a", &[Attempt::Refused(503)]), write("b", &[acknowledged("2")])];
        let found = tally(&writes, &stored(&[("1", "a"), ("2", "b")]));
        assert!(found.verdict().is_ok());
        assert_eq!(found.refused_there, 1);
    }

    #[test]
    fn what_nobody_wrote_fails() {
        fails(&[write("a", &[acknowledged("1")])], &[("1", "a"), ("2", "z")], "never written: z");
    }

    #[test]
    fn a_status_that_is_no_503_fails() {
        let writes = [write("a", &[Attempt::Refused(500), acknowledged("1")])];
        fails(&writes, &[("1", "a")], "answered 500");
    }

    #[test]
    fn no_acknowledgement_at_all_is_no_pass() {
        let found = tally(&[write("a", &[Attempt::Unanswered])], &[]);
        assert!(matches!(found.verdict(), Err(Ended::Error(_))));
    }
}
