//! The bounds of requests: sizes, depth, times. Each row of the route table names its own body bound.

use std::time::Duration;

/// A body that nobody reads: more than this is an attack and no habit of a client.
pub(crate) const UNREAD_BODY_BYTES_MAX: usize = 16 * 1024;
/// Bodies of sign-in, profile and tenants: a WebAuthn attestation is the largest.
pub(crate) const JSON_BODY_BYTES_MAX: usize = 64 * 1024;
/// Bodies with a note: 20 000 characters of up to six bytes each when a client escapes them all.
pub(crate) const NOTE_BODY_BYTES_MAX: usize = 192 * 1024;
/// An event of a payment provider: the largest that they send have a few dozen kilobytes.
pub(crate) const WEBHOOK_BODY_BYTES_MAX: usize = 256 * 1024;
/// Apple's form post.
pub(crate) const FORM_BODY_BYTES_MAX: usize = 16 * 1024;
/// Objects and arrays within each other.
pub(crate) const JSON_DEPTH_MAX: usize = 32;
/// Path and query together.
pub(crate) const URI_BYTES_MAX: usize = 8 * 1024;
/// The rate limiter has so long to answer before it counts as lost.
pub(crate) const LIMITER_TIMEOUT: Duration = Duration::from_secs(1);
/// Keys of the in-process buckets that stand in for a lost limiter.
pub(crate) const LOCAL_BUCKETS_MAX: usize = 20_000;
/// How long preflight answers may be kept.
pub(crate) const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);
/// How long `/v1/config`, the key set and the interface description may be kept.
pub(crate) const PUBLIC_MAX_AGE: Duration = Duration::from_secs(60);
/// Life of a flow cookie; not shorter than the flows that hang on it.
pub(crate) const FLOW_COOKIE_TTL: Duration = Duration::from_secs(600);
/// A known browser's mark; a longer text is none of ours.
pub(crate) const KNOWN_BROWSER_BYTES_MAX: usize = 128;
/// Refresh cookies that are looked at; there is more than one only when a sister site planted some.
pub(crate) const REFRESH_COOKIES_MAX: usize = 4;
/// Flow cookies of one kind that a request may present; there is more than one only after starts that raced.
pub(crate) const FLOW_COOKIES_MAX: usize = 8;
