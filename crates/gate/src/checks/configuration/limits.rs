//! Every number of the checks of what a deployment tells.

use std::time::Duration;

/// Times that health is asked.
pub(super) const HEALTH_TIMES: usize = 40;
/// Half of the answers come faster than that, also from far away.
pub(super) const HEALTH_MEDIAN_MAX: Duration = Duration::from_millis(500);
/// An older finding of readiness says nothing of now.
pub(super) const READY_AGE_MS_MAX: u64 = 60_000;
/// Shorter texts are words and no secrets.
pub(super) const SECRET_CHARS_MIN: usize = 24;
/// Bits of each character; English text has about four, random base64 more.
pub(super) const SECRET_ENTROPY_MIN: f64 = 4.2;
