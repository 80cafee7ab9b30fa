//! Time: microseconds since 1970-01-01 UTC, the resolution that both databases keep without loss.

use std::{fmt, ops, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const MICROS_PER_DAY: i64 = 24 * 3600 * 1_000_000;

/// A moment in UTC with a resolution of one microsecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch, as JSON Web Tokens carry time. Saturates.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// From the `time` crate's type; anything below a microsecond is dropped.
    #[must_use]
    pub const fn from_datetime(value: OffsetDateTime) -> Self {
        Self((value.unix_timestamp_nanos() / 1000) as i64)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down (RFC 7519 `NumericDate`).
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The `time` crate's type. A moment outside the years ±9999 becomes the epoch.
    #[must_use]
    pub fn datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

/// RFC 3339 with as many digits below the second as there are. A list has dozens of these, so it is written here and not by a
/// general formatter.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(MICROS_PER_DAY);
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let (year, month, day) = date_of(days);
        if !(0..=9999).contains(&year) {
            return f.write_str(&self.datetime().format(&Rfc3339).map_err(|_| fmt::Error)?);
        }
        let seconds = micros / 1_000_000;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        digits(&mut text[0..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], seconds / 3600);
        digits(&mut text[14..16], seconds / 60 % 60);
        digits(&mut text[17..19], seconds % 60);
        digits(&mut text[20..26], micros % 1_000_000);
        // Without zeros at the end, and without the point when nothing is left behind it.
        let mut length = 26;
        while text[length - 1] == b'0' && length > 20 {
            length -= 1;
        }
        length -= usize::from(length == 20);
        text[length] = b'Z';
        f.write_str(std::str::from_utf8(&text[..=length]).map_err(|_| fmt::Error)?)
    }
}

fn digits(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
        // Below ten, so the cast loses nothing.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let last = (number % 10) as u8;
        *digit = b'0' + last;
        number /= 10;
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>). Years begin in March there, so that the leap day is
/// the last.
const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        // RFC 3339 shows the years 0 to 9999, and an offset can lead beyond them.
        let utc = parsed.checked_to_offset(time::UtcOffset::UTC).ok_or(InvalidTimestamp)?;
        if (0..=9999).contains(&utc.year()) { Ok(Self::from_datetime(utc)) } else { Err(InvalidTimestamp) }
    }
}

/// A text that is no moment of RFC 3339, or one outside of the years 0 to 9999 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a moment as RFC 3339 writes it, in the years 0 to 9999")
    }
}

impl std::error::Error for InvalidTimestamp {}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_leads_to_no_year_that_cannot_be_written() {
        for good in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+23:59"] {
            let moment: Timestamp = good.parse().expect(good);
            assert_eq!(moment.to_string().parse(), Ok(moment), "{good}");
        }
        for bad in
            ["9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59", "10000-01-01T00:00:00Z", "today", ""]
        {
            assert_eq!(bad.parse::<Timestamp>(), Err(InvalidTimestamp), "{bad}");
        }
    }

    #[test]
    fn a_moment_survives_text_and_back() {
        let moment = Timestamp::from_micros(1_795_302_123_456_789);
        assert_eq!(moment.to_string().parse::<Timestamp>().expect("own text parses"), moment);
    }

    proptest::proptest! {
        #[test]
        fn it_is_written_as_the_time_crate_writes_it(micros in -62_167_219_200_000_000..=253_402_300_799_999_999_i64, coarse in 0..3_usize) {
            let micros = micros - micros.rem_euclid([1, 1_000, 1_000_000][coarse]);
            let moment = Timestamp::from_micros(micros.max(-62_167_219_200_000_000));
            let expected = moment.datetime().format(&Rfc3339).expect("formats");
            proptest::prop_assert_eq!(moment.to_string(), expected);
        }
    }

    #[test]
    fn what_no_calendar_has_is_written_as_the_epoch() {
        for micros in [i64::MIN, i64::MAX] {
            assert_eq!(Timestamp::from_micros(micros).to_string(), "1970-01-01T00:00:00Z");
        }
    }

    #[test]
    fn the_future_is_no_time_ago() {
        assert_eq!(Timestamp::EPOCH.since(Timestamp::from_seconds(5)), Duration::ZERO);
    }
}
