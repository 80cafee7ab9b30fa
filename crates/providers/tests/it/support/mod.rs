//! What the tests stand on: a clock that moves, processes that end with the test, and waiting for a condition.

pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod oidc;
pub(crate) mod redis;
pub(crate) mod stand_in;

use std::{
    sync::{Arc, atomic::AtomicI64, atomic::Ordering::SeqCst},
    time::Duration,
};

use mainstay_model::Timestamp;
use mainstay_providers::SystemClock;
use mainstay_services::ports::Clock;
use tokio::time::{Instant, interval};

/// The system's clock, moved by as much as a test wants: counterparts tell the real time.
#[derive(Default)]
pub(crate) struct MovedClock(AtomicI64);

impl MovedClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("not that far"), SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SystemClock.now().micros() + self.0.load(SeqCst))
    }
}

/// Asks again until a condition holds; fails the test when it does not within the bound.
pub(crate) async fn until<T>(
    what: &str,
    within: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + within;
    let mut ticks = interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {within:?} for: {what}");
    }
}
