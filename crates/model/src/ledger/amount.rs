//! How many points a transfer moves.

use std::fmt;

/// The largest amount of one transfer, in points. A thousand times a thousand million: far below what 64 bits hold, and exact in
/// every client's numbers (2^53).
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// Points of one transfer: from 1 to [`AMOUNT_MAX`], in whole minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    /// Takes a number within the bounds.
    #[must_use]
    pub const fn new(points: i64) -> Option<Self> {
        if 1 <= points && points <= AMOUNT_MAX { Some(Self(points)) } else { None }
    }

    /// The plain number.
    #[must_use]
    pub const fn points(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
