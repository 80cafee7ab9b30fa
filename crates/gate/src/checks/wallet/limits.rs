//! Every number of the checks of the wallet.

use std::time::Duration;

/// Points of a wallet that many spend from at the same moment.
pub(super) const PURSE: i64 = 100;
/// What each of them spends.
pub(super) const PRICE: i64 = 30;
/// For so long points are held: longer than the check takes.
pub(super) const HELD_SECONDS: u64 = 600;
/// Requests under one key at the same moment (T-WA-02).
pub(super) const UNDER_ONE_KEY: usize = 50;
/// Pairs of members who send to each other.
pub(super) const PAIRS: usize = 2;
/// Transfers that each of them sends, so that there are a thousand in all (T-WA-07); fewer than a member's quota of a minute.
pub(super) const SENT_BY_EACH: usize = 250;
/// Of them, those of one member at a time.
pub(super) const SENT_AT_ONCE: usize = 12;
/// Whoever waits longer for a transfer waits for a lock that nobody releases.
pub(super) const TRANSFER_TIME_MAX: Duration = Duration::from_secs(10);
/// Lines of a statement that are asked for at a time.
pub(super) const STATEMENT_LINES: usize = 500;
/// Characters of a key that is too long: one more than the interface takes.
pub(super) const KEY_CHARS_TOO_MANY: usize = 256;
