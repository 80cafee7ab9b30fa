//! Waiting for a condition: ask, and ask again at the next tick until there is no time left.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::drill::limits;

/// One wait.
pub(crate) struct Wait {
    began: Instant,
    within: Duration,
    ticks: Interval,
}

impl Wait {
    pub(crate) fn new(within: Duration) -> Self {
        let began = Instant::now();
        let mut ticks = interval_at(began + limits::POLL, limits::POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { began, within, ticks }
    }

    /// Waits for the moment to ask again; answers false when the time is over.
    pub(crate) async fn again(&mut self) -> bool {
        if self.began.elapsed() >= self.within {
            return false;
        }
        self.ticks.tick().await;
        true
    }

    /// How long it has been.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
