//! Every number of the checks of purchases.

/// Copies of one event at the same moment (T-PU-01).
pub(super) const COPIES: usize = 50;
/// Claims of one purchase at the same moment, by each of two members.
pub(super) const CLAIMS_EACH: usize = 4;
/// What a purchase of the gate's costs, in minor units; each is worth a point.
pub(super) const AMOUNT: i64 = 1_000;
/// What of it goes back.
pub(super) const REFUND: i64 = 400;
/// No event may be older, in seconds: five minutes, and one for two clocks that differ.
pub(super) const SECONDS_TOO_OLD: i64 = 6 * 60;
/// No event may be further ahead: one minute, and one for two clocks that differ.
pub(super) const SECONDS_TOO_FAR_AHEAD: i64 = 2 * 60;
/// How late an event of Square's comes (T-PU-05).
pub(super) const LATE: time::Duration = time::Duration::hours(3);
/// After so many tries by hand a failing event is set aside, or never.
pub(super) const RETRIES_MAX: usize = 30;
/// Levels of JSON that no event has.
pub(super) const LEVELS: usize = 10_000;
/// What a packed body unpacks to.
pub(super) const UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// A refusal comes within this: what is refused is neither unpacked nor parsed to its end.
pub(super) const REFUSAL_MAX: std::time::Duration = std::time::Duration::from_secs(5);
