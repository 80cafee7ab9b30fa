//! The world outside, as tests need it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mainstay_model::Timestamp;
use mainstay_services::{
    crypto,
    ports::{
        Admission, Backoff, Bus, Clock, Decision, Limiter, LimiterUnavailable, Mail, MailError, Mailer,
        Quota, Random, Signal,
    },
};
use tokio::sync::{Notify, broadcast};

/// A clock that stands still until a test moves it.
pub(crate) struct MockClock(AtomicI64);

impl MockClock {
    /// A clock at an ordinary moment.
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

/// Bytes that look random and are the same in each run.
pub(crate) struct SeededRandom {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = crypto::sha256(&[self.seed.to_be_bytes(), drawn.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// What the mailer does with the next mail.
pub(crate) enum MailFate {
    Fail(MailError),
    Panic,
    /// Never returns.
    Hang,
}

/// Keeps what was sent.
#[derive(Default)]
pub(crate) struct RecordingMailer {
    sent: Mutex<Vec<Mail>>,
    fates: Mutex<VecDeque<MailFate>>,
    /// Told of every try.
    pub(crate) tried: Notify,
}

impl RecordingMailer {
    /// Everything sent so far.
    pub(crate) fn sent(&self) -> Vec<Mail> {
        self.sent.lock().expect("not poisoned").clone()
    }

    /// Has the next mail that is not spoken for yet come to grief.
    pub(crate) fn next(&self, fate: MailFate) {
        self.fates.lock().expect("not poisoned").push_back(fate);
    }
}

#[async_trait]
impl Mailer for RecordingMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let fate = self.fates.lock().expect("not poisoned").pop_front();
        self.tried.notify_one();
        match fate {
            Some(MailFate::Fail(error)) => return Err(error),
            Some(MailFate::Panic) => panic!("a bug in the mailer"),
            Some(MailFate::Hang) => std::future::pending().await,
            None => {}
        }
        self.sent.lock().expect("not poisoned").push(mail.clone());
        Ok(())
    }
}

/// Hints within one process.
pub(crate) struct LocalBus(broadcast::Sender<Signal>);

impl LocalBus {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(broadcast::channel(capacity).0)
    }

    /// How many listen.
    pub(crate) fn listeners(&self) -> usize {
        self.0.receiver_count()
    }

    /// Hints that some listener has not taken yet.
    pub(crate) fn waiting(&self) -> usize {
        self.0.len()
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, signal: Signal) {
        // Nobody may be listening; a hint is only a hint.
        let _ = self.0.send(signal);
    }

    fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.0.subscribe()
    }
}

struct Failures {
    count: u32,
    last: Timestamp,
    blocked_until: Timestamp,
}

/// Counts one failure and answers its wait.
fn count(failures: &mut HashMap<String, Failures>, key: &str, backoff: Backoff, now: Timestamp) -> Duration {
    let failed =
        failures.entry(key.to_owned()).or_insert(Failures { count: 0, last: now, blocked_until: now });
    if now.since(failed.last) >= backoff.forget {
        failed.count = 0;
    }
    failed.count += 1;
    failed.last = now;
    let wait = match failed.count.checked_sub(backoff.free + 1) {
        Some(doublings) => (backoff.base * 2_u32.pow(doublings.min(16))).min(backoff.max),
        None => Duration::ZERO,
    };
    failed.blocked_until = now + wait;
    wait
}

/// Limits and back-off by the test's clock, with a switch that makes it unreachable.
pub(crate) struct MemoryLimiter {
    clock: std::sync::Arc<MockClock>,
    buckets: Mutex<HashMap<String, (f64, Timestamp)>>,
    failures: Mutex<HashMap<String, Failures>>,
    is_down: AtomicBool,
}

impl MemoryLimiter {
    pub(crate) fn new(clock: std::sync::Arc<MockClock>) -> Self {
        Self { clock, buckets: Mutex::default(), failures: Mutex::default(), is_down: AtomicBool::new(false) }
    }

    /// Makes it unreachable, or reachable again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), LimiterUnavailable> {
        if self.is_down.load(Ordering::SeqCst) { Err(LimiterUnavailable("down".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Result<Decision, LimiterUnavailable> {
        self.check()?;
        let now = self.clock.now();
        let limit = f64::from(quota.limit);
        let a_second = limit / quota.window.as_secs_f64();
        let mut buckets = self.buckets.lock().expect("not poisoned");
        let (tokens, at) = buckets.entry(key.to_owned()).or_insert((limit, now));
        *tokens = (*tokens + now.since(*at).as_secs_f64() * a_second).min(limit);
        *at = now;
        let allowed = *tokens >= 1.0;
        if allowed {
            *tokens -= 1.0;
        }
        Ok(Decision {
            allowed,
            remaining: *tokens as u32,
            reset_after: Duration::from_secs_f64((limit - *tokens) / a_second),
            retry_after: Duration::from_secs_f64((1.0 - *tokens).max(0.0) / a_second),
        })
    }

    async fn backoff_remaining(&self, key: &str) -> Result<Duration, LimiterUnavailable> {
        self.check()?;
        let failures = self.failures.lock().expect("not poisoned");
        Ok(failures.get(key).map_or(Duration::ZERO, |failed| failed.blocked_until.since(self.clock.now())))
    }

    async fn record_failure(&self, key: &str, backoff: Backoff) -> Result<Duration, LimiterUnavailable> {
        self.check()?;
        Ok(count(&mut self.failures.lock().expect("not poisoned"), key, backoff, self.clock.now()))
    }

    async fn admit(&self, key: &str, backoff: Backoff) -> Result<Admission, LimiterUnavailable> {
        self.check()?;
        let now = self.clock.now();
        let mut failures = self.failures.lock().expect("not poisoned");
        let wait = failures.get(key).map_or(Duration::ZERO, |failed| failed.blocked_until.since(now));
        if wait > Duration::ZERO {
            return Ok(Admission::Refused(wait));
        }
        Ok(Admission::Counted(count(&mut failures, key, backoff, now)))
    }

    async fn clear_failures(&self, key: &str) -> Result<(), LimiterUnavailable> {
        self.check()?;
        self.failures.lock().expect("not poisoned").remove(key);
        Ok(())
    }

    async fn ping(&self) -> Result<(), LimiterUnavailable> {
        self.check()
    }
}
