//! A circuit breaker: who fails again and again is not asked for a while, so that callers get their answer at once and the
//! other side gets a rest.

use std::sync::Arc;

use mainstay_model::Timestamp;
use mainstay_services::ports::Clock;
use metrics::gauge;
use parking_lot::Mutex;

use crate::limits;

/// One endpoint's breaker. Closed at first; open after [`limits::BREAKER_FAILURES_MAX`] failures in a row; after
/// [`limits::BREAKER_OPEN`] one request at a time tries whether it may close again.
pub(crate) struct Breaker {
    provider: &'static str,
    endpoint: &'static str,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    opened_at: Option<Timestamp>,
    trying: bool,
}

/// The leave to send one request. Dropped without a verdict (the caller went away), it counts neither way.
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
}

impl Breaker {
    pub(crate) fn new(provider: &'static str, endpoint: &'static str, clock: Arc<dyn Clock>) -> Self {
        let breaker = Self { provider, endpoint, clock, state: Mutex::default() };
        breaker.show(false);
        breaker
    }

    /// None while the endpoint is left alone.
    pub(crate) fn admit(&self) -> Option<Permit<'_>> {
        let mut state = self.state.lock();
        if let Some(opened_at) = state.opened_at {
            let now = self.clock.now();
            // A clock that stepped back must not keep the breaker open for longer.
            let rests = opened_at <= now && now.since(opened_at) < limits::BREAKER_OPEN;
            if rests || state.trying {
                return None;
            }
            state.trying = true;
        }
        Some(Permit { breaker: self })
    }

    fn show(&self, open: bool) {
        gauge!("mainstay_provider_breaker_open", "provider" => self.provider, "endpoint" => self.endpoint)
            .set(f64::from(u8::from(open)));
    }
}

impl Permit<'_> {
    /// The other side answered, whatever it said.
    pub(crate) fn succeeded(self) {
        let mut state = self.breaker.state.lock();
        state.failures = 0;
        if state.opened_at.take().is_some() {
            self.breaker.show(false);
        }
    }

    /// The other side did not answer or had a fault.
    pub(crate) fn failed(self) {
        let mut state = self.breaker.state.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= limits::BREAKER_FAILURES_MAX {
            state.opened_at = Some(self.breaker.clock.now());
            self.breaker.show(true);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.state.lock().trying = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::held::HeldClock;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_one_success() {
        let clock = HeldClock::new();
        let breaker = Breaker::new("google", "token", clock.clone());
        for _ in 1..limits::BREAKER_FAILURES_MAX {
            breaker.admit().expect("closed").failed();
        }
        breaker.admit().expect("closed").succeeded();
        for _ in 0..limits::BREAKER_FAILURES_MAX {
            breaker.admit().expect("closed").failed();
        }
        assert!(breaker.admit().is_none());
        clock.advance(limits::BREAKER_OPEN);
        let trial = breaker.admit().expect("one may try");
        assert!(breaker.admit().is_none(), "only one");
        trial.failed();
        assert!(breaker.admit().is_none(), "open for another while");
        clock.advance(limits::BREAKER_OPEN);
        drop(breaker.admit().expect("one may try"));
        breaker.admit().expect("a trial without verdict leaves the place to the next").succeeded();
        breaker.admit().expect("closed").succeeded();
    }

    #[test]
    fn a_clock_that_steps_back_does_not_keep_it_open() {
        let clock = HeldClock::new();
        let breaker = Breaker::new("google", "token", clock.clone());
        for _ in 0..limits::BREAKER_FAILURES_MAX {
            breaker.admit().expect("closed").failed();
        }
        clock.set(Timestamp::EPOCH);
        assert!(breaker.admit().is_some());
    }
}
