//! Points that run out on a day. Whatever leaves an account takes those that run out first; points without a day go last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Day;

/// Points that run out at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot(pub Day, pub i64);

/// Some of them, by day, the first to run out first.
pub type Lots = Vec<Lot>;

/// What an account has of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Purse(BTreeMap<Day, i64>);

impl Purse {
    pub(super) fn add(&mut self, Lot(day, points): Lot) {
        *self.0.entry(day).or_default() += points;
    }

    /// Takes what of so many points has a day, and answers it.
    pub(super) fn take(&mut self, points: i64) -> Lots {
        let mut left = points;
        let mut taken = Lots::new();
        while left > 0
            && let Some(mut first) = self.0.first_entry()
        {
            let part = left.min(*first.get());
            left -= part;
            *first.get_mut() -= part;
            taken.push(Lot(*first.key(), part));
            if *first.get() == 0 {
                first.remove();
            }
        }
        taken
    }

    /// Points that run out on that day or did before.
    pub(super) fn due(&self, day: Day) -> i64 {
        self.0.range(..=day).map(|(_, points)| points).sum()
    }

    pub(super) fn of(&self, day: Day) -> i64 {
        self.0.get(&day).copied().unwrap_or_default()
    }
}

pub(super) fn sum(lots: &[Lot]) -> i64 {
    lots.iter().map(|lot| lot.1).sum()
}
