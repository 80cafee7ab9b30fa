//! Hints between nodes: within the process, or through Redis.

mod memory;
mod redis;
mod subscription;

pub use self::{memory::MemoryBus, redis::RedisBus};
