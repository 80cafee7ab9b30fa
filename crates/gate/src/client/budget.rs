//! How much the gate may ask of a deployment: so many requests in all, so many at a time in one check.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{check::Ended, limits};

/// The budget of a run.
pub(crate) struct Budget {
    requests_max: u64,
    spent: AtomicU64,
    at_once: Semaphore,
}

impl Budget {
    pub(crate) fn new(requests_max: u64) -> Self {
        Self {
            requests_max,
            spent: AtomicU64::new(0),
            at_once: Semaphore::new(limits::REQUESTS_PER_CHECK_AT_ONCE * 2),
        }
    }

    /// Waits for a place and takes a request off the budget.
    pub(super) async fn take(&self) -> Result<SemaphorePermit<'_>, Ended> {
        let place = self.at_once.acquire().await.map_err(|_| Ended::error("the run is over"))?;
        if self.spent.fetch_add(1, Ordering::Relaxed) >= self.requests_max {
            return Err(Ended::error(format!(
                "the budget of {} requests is used up; give more with --requests-max",
                self.requests_max
            )));
        }
        Ok(place)
    }

    pub(crate) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed).min(self.requests_max)
    }
}
