//! Points that run out on a day. What is spent takes those that run out first, and points without a day last. What is taken back takes
//! those that were given, or else those that last longest: whoever gives back what they bought keeps no points for longer than before.

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

    /// Takes back so many points, of which as many of these as there still are, and answers what of them has a day. Then come those
    /// without a day, of which there are `undated`, and then those that run out last.
    pub(super) fn take_back(&mut self, points: i64, given: &[Lot], undated: i64) -> Lots {
        let mut taken = BTreeMap::new();
        let left = self.take_of(given, points, &mut taken);
        let left = left - undated.min(left);
        let last = self.0.iter().rev().map(|(day, points)| Lot(*day, *points)).collect::<Lots>();
        self.take_of(&last, left, &mut taken);
        taken.into_iter().map(|(day, points)| Lot(day, points)).collect()
    }

    /// Takes of these lots what is there, and answers how many points are still to be taken.
    fn take_of(&mut self, lots: &[Lot], points: i64, taken: &mut BTreeMap<Day, i64>) -> i64 {
        let mut left = points;
        for Lot(day, most) in lots {
            let Some(there) = self.0.get_mut(day) else { continue };
            let part = left.min(*most).min(*there);
            if part == 0 {
                continue;
            }
            left -= part;
            *there -= part;
            if *there == 0 {
                self.0.remove(day);
            }
            *taken.entry(*day).or_default() += part;
        }
        left
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lots(points: &[(i32, i64)]) -> Lots {
        points.iter().map(|(day, points)| Lot(Day::new(*day), *points)).collect()
    }

    fn purse(points: &[(i32, i64)]) -> Purse {
        let mut purse = Purse::default();
        lots(points).into_iter().for_each(|lot| purse.add(lot));
        purse
    }

    #[test]
    fn what_is_spent_runs_out_first() {
        let mut some = purse(&[(9, 4), (1, 3)]);
        assert_eq!((some.take(5), &some), (lots(&[(1, 3), (9, 2)]), &purse(&[(9, 2)])));
        assert_eq!((some.take(5), some), (lots(&[(9, 2)]), purse(&[])));
    }

    #[test]
    fn what_is_taken_back_was_given_or_lasts_longest() {
        let mut some = purse(&[(1, 4), (5, 4), (9, 4)]);
        // The given ones, as far as they are there; then those without a day, then the last.
        assert_eq!(some.take_back(3, &lots(&[(5, 3)]), 7), lots(&[(5, 3)]));
        assert_eq!(some.take_back(3, &lots(&[(5, 3)]), 1), lots(&[(5, 1), (9, 1)]));
        assert_eq!(some, purse(&[(1, 4), (9, 3)]));
        assert_eq!(some.take_back(4, &[], 4), []);
        assert_eq!(some.take_back(5, &lots(&[(7, 5)]), 0), lots(&[(1, 2), (9, 3)]));
        assert_eq!(some, purse(&[(1, 2)]));
    }
}
