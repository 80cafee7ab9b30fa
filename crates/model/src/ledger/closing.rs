//! A day that was closed: a digest of all its transfers, chained to the day before, so that a change of what was closed shows
//! (WAL-6). Which day a transfer belongs to is said by the time in its id.

use uuid::Uuid;

use crate::{Day, SecretHash, Timestamp, TransferId};

/// A closed day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Which.
    pub day: Day,
    /// How many transfers it has.
    pub transfers: i64,
    /// How many points they moved.
    pub points: i64,
    /// SHA-256 over them.
    pub digest: SecretHash,
    /// The hash of the closing before; zeros for the first.
    pub previous: SecretHash,
    /// SHA-256 over all the above.
    pub hash: SecretHash,
    /// When it was closed; not part of the hash.
    pub closed_at: Timestamp,
}

impl TransferId {
    /// The smallest id that can be made on a day: ids begin with milliseconds since 1970 (RFC 9562, version 7).
    #[must_use]
    pub fn first_of(day: Day) -> Self {
        let millis = u128::try_from(day.start().micros() / 1000).unwrap_or(0);
        Self::new(Uuid::from_u128(millis << 80))
    }

    /// The day in which it was made.
    #[must_use]
    pub fn day(self) -> Day {
        let millis = i64::try_from(self.uuid().as_u128() >> 80).unwrap_or(i64::MAX);
        Day::of(Timestamp::from_micros(millis.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_belongs_to_one_day() {
        let day = Day::new(20_785);
        assert_eq!(TransferId::first_of(day).day(), day);
        let before = TransferId::new(Uuid::from_u128(TransferId::first_of(day).uuid().as_u128() - 1));
        assert_eq!(before.day(), day.plus(-1));
        assert_eq!(TransferId::first_of(Day::new(-5)), TransferId::new(Uuid::nil()));
    }
}
