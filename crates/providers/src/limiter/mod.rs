//! Rate limits and back-off: in memory for one node, in Redis for many, with the same arithmetic.

mod bucket;
mod failures;
mod memory;
mod redis;
mod sharded;

pub use self::{memory::MemoryLimiter, redis::RedisLimiter};

use std::time::Duration;

/// Times in a limiter are whole microseconds that a Lua number (a double) holds exactly; about thirty years.
const MICROS_MAX: u64 = 1_000_000_000_000_000;

fn micros(duration: Duration) -> i64 {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(MICROS_MAX).min(MICROS_MAX);
    i64::try_from(micros).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
