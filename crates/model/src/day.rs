//! A day of the calendar in UTC.

use std::fmt;

use crate::Timestamp;

const MICROS_PER_DAY: i64 = 24 * 3600 * 1_000_000;

/// A day in UTC, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Day(i32);

impl Day {
    /// From the number of days since 1970-01-01.
    #[must_use]
    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    /// The day that a moment belongs to. Saturates.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let number = at.micros().div_euclid(MICROS_PER_DAY);
        Self(i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_micros(i64::from(self.0) * MICROS_PER_DAY)
    }

    /// So many days later. Saturates.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

/// As ISO 8601 writes it: 2026-11-28.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.start().to_string();
        f.write_str(text.split('T').next().unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_at_midnight() {
        for (text, day) in [
            ("1969-12-31T23:59:59.999999Z", -1),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T23:59:59.999999Z", 0),
            ("2026-11-28T16:00:00Z", 20_785),
        ] {
            let at: Timestamp = text.parse().expect("a moment");
            assert_eq!(Day::of(at), Day::new(day), "{text}");
            assert!(text.starts_with(&Day::of(at).to_string()));
            assert!(Day::of(at).start() <= at && at < Day::of(at).plus(1).start());
        }
    }
}
