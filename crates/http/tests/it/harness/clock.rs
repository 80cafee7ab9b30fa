//! A clock that stands still until a test moves it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use mainstay_model::Timestamp;
use mainstay_services::ports::Clock;

pub(crate) struct MockClock(AtomicI64);

impl MockClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(Timestamp::from_seconds(1_800_000_000).micros()))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_micros()).expect("fits"), Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
