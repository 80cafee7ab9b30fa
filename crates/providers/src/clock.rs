//! The system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use mainstay_model::Timestamp;
use mainstay_services::ports::Clock;

/// What the operating system says the time is. May step back when it is corrected; callers bear that.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH + since_epoch
    }
}

#[cfg(test)]
pub(crate) mod held {
    //! A clock that stands still until a test moves it.

    use std::{sync::Arc, time::Duration};

    use parking_lot::Mutex;

    use super::{Clock, SystemClock, Timestamp};

    pub(crate) struct HeldClock(Mutex<Timestamp>);

    impl HeldClock {
        pub(crate) fn new() -> Arc<Self> {
            Arc::new(Self(Mutex::new(SystemClock.now())))
        }

        pub(crate) fn advance(&self, by: Duration) {
            let mut now = self.0.lock();
            *now = *now + by;
        }

        pub(crate) fn set(&self, now: Timestamp) {
            *self.0.lock() = now;
        }
    }

    impl Clock for HeldClock {
        fn now(&self) -> Timestamp {
            *self.0.lock()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_after_this_was_written() {
        assert!(SystemClock.now() > Timestamp::from_seconds(1_700_000_000));
    }
}
