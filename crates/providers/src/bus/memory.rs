//! The bus of a single node.

use async_trait::async_trait;
use mainstay_services::ports::{Bus, Signal};
use tokio::sync::broadcast;

use crate::limits;

/// Carries hints within this process.
pub struct MemoryBus {
    local: broadcast::Sender<Signal>,
}

impl MemoryBus {
    /// Without subscribers yet.
    #[must_use]
    pub fn new() -> Self {
        Self { local: broadcast::Sender::new(limits::BUS_BACKLOG_MAX) }
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, signal: Signal) {
        // Nobody listening is no fault.
        let _ = self.local.send(signal);
    }

    fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.local.subscribe()
    }
}
