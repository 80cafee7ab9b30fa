//! Every number of the checks of the edge.

use std::time::Duration;

/// A year, in seconds (ASVS 5.0, 3.4.1).
pub(super) const HSTS_SECONDS_MIN: u64 = 31_536_000;
/// Files of the first page that are looked at.
pub(super) const FILES_MAX: usize = 6;
/// More than a route takes that reads a token, and little enough to be sent before the refusal comes.
pub(super) const BODY_TOO_LARGE: usize = 80 * 1024;

/// Requests of a burst at a time.
pub(super) const BURST_AT_ONCE: usize = 32;
/// A quota that is larger is not filled: it would be a load test.
pub(super) const QUOTA_MAX: u32 = 1_000;
/// Buckets fill again while a burst runs; it goes beyond its quota by so many seconds' worth, and by one tenth.
pub(super) const BURST_SECONDS: u32 = 10;
/// Addresses that share a member's burst, so that none of them fills its own quota.
pub(super) const BURST_ADDRESSES: usize = 4;
/// People mistype a few times; a guesser goes on.
pub(super) const GUESSES_AT_ACCOUNT: usize = 12;
/// An office may share an address; a guesser of codes goes on.
pub(super) const GUESSES_FROM_ADDRESS: usize = 45;
/// Wrong requests to an operation whose quota all checks share.
pub(super) const SCARCE_SHAPES: usize = 1;
/// Wrong requests at a time.
pub(super) const WRONG_AT_ONCE: usize = 8;

/// A server that has not refused by then takes whatever comes.
pub(super) const UNENDING_BYTES: usize = 24 * 1024 * 1024;
/// A piece of a body without end.
pub(super) const PIECE_BYTES: usize = 64 * 1024;
/// What a bomb unpacks to.
pub(super) const BOMB_BYTES: u64 = 32 * 1024 * 1024;
/// A bomb is refused within this, since nobody unpacks it.
pub(super) const BOMB_TIME_MAX: Duration = Duration::from_secs(5);
/// Brackets that fit into the smallest JSON body.
pub(super) const BRACKETS: usize = 30_000;

/// Who waits longer for a slow sender can be kept waiting by anybody.
pub(super) const SLOW_MAX: Duration = Duration::from_secs(30);
/// Between two drops of a slow sender.
pub(super) const DROP_EVERY: Duration = Duration::from_secs(1);
/// After so long without a byte nothing more comes on a connection.
pub(super) const SILENCE: Duration = Duration::from_millis(600);
/// The same after megabytes.
pub(super) const LONG_SILENCE: Duration = Duration::from_secs(2);
/// A look for an answer between two pieces.
pub(super) const GLANCE: Duration = Duration::from_millis(20);
