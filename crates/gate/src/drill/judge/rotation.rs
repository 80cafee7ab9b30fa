//! Judges a rotation of signing keys: shown by every node before it signs, and nobody signed out.

use std::{collections::BTreeMap, time::Duration};

use super::words;
use crate::{check::Ended, drill::limits};

/// What members and verifiers saw of a rotation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rotation {
    /// Answers by what was asked and the status.
    pub(crate) answers: BTreeMap<(&'static str, u16), usize>,
    /// How long after the rotation each node showed the key; nothing when it did not.
    pub(crate) shown: Vec<(String, Option<Duration>)>,
    /// Tokens that the new key had signed before it was due.
    pub(crate) signed_early: usize,
    /// From the making of the key to its first signature; nothing when it may sign at once.
    pub(crate) lead: Option<Duration>,
}

impl Rotation {
    /// How many answers there were.
    pub(crate) fn count(&self) -> usize {
        self.answers.values().sum()
    }

    /// Answers how long the last node took to show the key.
    ///
    /// # Errors
    /// [`Ended::Fail`] with what members or verifiers could not rely on.
    pub(crate) fn verdict(&self) -> Result<Duration, Ended> {
        if let Some(((what, status), count)) = self.answers.iter().find(|((_, status), _)| *status != 200) {
            return Err(Ended::fail(format!(
                "{what} answered {status} {count} times; every one should be 200"
            )));
        }
        if self.count() == 0 || self.shown.is_empty() {
            return Err(Ended::error("nobody was asked, so nothing is known"));
        }
        let mut slowest = Duration::ZERO;
        for (node, after) in &self.shown {
            let Some(after) = after.filter(|after| *after <= limits::KEY_SHOWN_MAX) else {
                let within = words(limits::KEY_SHOWN_MAX);
                return Err(Ended::fail(format!("{node} does not show the new key within {within}")));
            };
            slowest = slowest.max(after);
        }
        if let Some(lead) = self.lead {
            if self.signed_early > 0 {
                return Err(Ended::fail(format!(
                    "{} tokens were signed before the key was due",
                    self.signed_early
                )));
            }
            if lead.saturating_sub(slowest) < limits::KEY_LEAD_MIN {
                return Err(Ended::fail(format!(
                    "the key signs {} after it was made and was shown everywhere only after {}",
                    words(lead),
                    words(slowest)
                )));
            }
        }
        Ok(slowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Rotation {
        Rotation {
            answers: [(("GET /v1/auth/me", 200), 100), (("POST /v1/auth/refresh", 200), 20)].into(),
            shown: vec![
                ("one".to_owned(), Some(Duration::from_secs(1))),
                ("two".to_owned(), Some(Duration::from_secs(3))),
            ],
            signed_early: 0,
            lead: Some(Duration::from_secs(600)),
        }
    }

    #[test]
    fn a_good_rotation_passes() {
        assert_eq!(good().verdict().ok(), Some(Duration::from_secs(3)));
        let at_once = Rotation { lead: None, signed_early: 7, ..good() };
        assert!(at_once.verdict().is_ok());
    }

    #[test]
    fn bad_rotations_fail() {
        let mut one_refused = good();
        one_refused.answers.insert(("GET /v1/auth/me", 401), 1);
        let late = Some(limits::KEY_SHOWN_MAX + Duration::from_secs(1));
        let bad = [
            one_refused,
            Rotation { shown: vec![("one".to_owned(), None)], ..good() },
            Rotation { shown: vec![("one".to_owned(), late)], ..good() },
            Rotation { signed_early: 1, ..good() },
            Rotation { lead: Some(Duration::from_secs(2)), ..good() },
        ];
        for bad in bad {
            assert!(matches!(bad.verdict(), Err(Ended::Fail(_))), "{bad:?}");
        }
        assert!(matches!(Rotation::default().verdict(), Err(Ended::Error(_))));
    }
}
