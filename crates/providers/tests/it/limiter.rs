//! The limiters, both by the same cases: what holds in one process must hold over many nodes.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::future::join_all;
use mainstay_providers::{MemoryLimiter, RedisConfig, RedisLimiter};
use mainstay_services::ports::{Admission, Backoff, Limiter, Quota};
use redis::AsyncCommands;

use crate::support::{MovedClock, redis as servers, until};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Limiters of several nodes over one store.
struct Store {
    nodes: Vec<Arc<dyn Limiter>>,
    time: Time,
}

/// Whose time counts there.
enum Time {
    Ours(Arc<MovedClock>),
    Of(Box<redis::Client>),
}

impl Store {
    /// Lets time pass: moves our clock, or waits until Redis's own has moved.
    async fn pass(&self, time: Duration) {
        match &self.time {
            Time::Ours(clock) => clock.advance(time),
            Time::Of(client) => {
                let mut connection = client.get_multiplexed_async_connection().await.expect("connected");
                let end = server_time(&mut connection).await + time;
                until("time passes in Redis", time + HOUR, async || {
                    (server_time(&mut connection).await >= end).then_some(())
                })
                .await;
            }
        }
    }
}

fn memory() -> Store {
    let clock = MovedClock::new();
    let limiter: Arc<dyn Limiter> = Arc::new(MemoryLimiter::new(clock.clone()));
    Store { nodes: vec![Arc::clone(&limiter), limiter], time: Time::Ours(clock) }
}

fn redis(config: &RedisConfig) -> Store {
    let node = || Arc::new(RedisLimiter::new(config).expect("good settings")) as Arc<dyn Limiter>;
    Store { nodes: vec![node(), node()], time: Time::Of(Box::new(servers::client(config))) }
}

async fn server_time(connection: &mut redis::aio::MultiplexedConnection) -> Duration {
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(connection).await.expect("a time");
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// Each case once for each store.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::memory()).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::redis(&crate::support::redis::shared())).await;
            })*
        }
    };
}

cases! {
    sec_4_a_burst_up_to_the_limit_passes_and_the_next_is_told_when,
    sec_4_a_bucket_refills_evenly,
    sec_4_keys_do_not_share_a_bucket,
    sec_4_parallel_requests_over_two_nodes_never_exceed_the_limit,
    sec_4_a_limit_of_nothing_lets_nothing_pass,
    sec_5_failures_double_the_wait_up_to_its_bound,
    sec_5_a_try_is_counted_or_has_to_wait,
    sec_5_of_many_tries_at_once_only_the_free_ones_and_one_get_in,
    sec_5_a_success_clears_the_failures,
    sec_5_failures_are_forgotten,
    it_answers_a_ping,
}

async fn sec_4_a_burst_up_to_the_limit_passes_and_the_next_is_told_when(store: Store) {
    let limiter = &store.nodes[0];
    let quota = Quota { limit: 4, window: HOUR };
    for remaining in [3, 2, 1, 0] {
        let decision = limiter.take("k", quota).await.expect("there");
        assert!(decision.allowed);
        assert_eq!(decision.remaining, remaining);
        assert_eq!(decision.retry_after, Duration::ZERO);
        let reset = HOUR / 4 * (4 - remaining);
        assert!(decision.reset_after <= reset && decision.reset_after + 30 * SECOND > reset, "{decision:?}");
    }
    for _ in 0..10 {
        let decision = limiter.take("k", quota).await.expect("there");
        assert!(!decision.allowed && decision.remaining == 0, "{decision:?}");
        assert!(decision.retry_after <= HOUR / 4, "refused requests cost nothing: {decision:?}");
        assert!(decision.retry_after + 30 * SECOND > HOUR / 4, "{decision:?}");
    }
}

async fn sec_4_a_bucket_refills_evenly(store: Store) {
    let limiter = &store.nodes[0];
    let quota = Quota { limit: 2, window: 2 * SECOND };
    for _ in 0..2 {
        assert!(limiter.take("k", quota).await.expect("there").allowed);
    }
    let refused = limiter.take("k", quota).await.expect("there");
    assert!(!refused.allowed);
    store.pass(refused.retry_after).await;
    let allowed = limiter.take("k", quota).await.expect("there");
    assert!(allowed.allowed && allowed.remaining == 0, "one, not two: {allowed:?}");
    store.pass(allowed.reset_after).await;
    let full = limiter.take("k", quota).await.expect("there");
    assert!(full.allowed && full.remaining == 1, "full again: {full:?}");
}

async fn sec_4_keys_do_not_share_a_bucket(store: Store) {
    let quota = Quota { limit: 1, window: HOUR };
    for key in ["a", "b", "a:b", "ä", ""] {
        assert!(store.nodes[0].take(key, quota).await.expect("there").allowed, "{key}");
        assert!(!store.nodes[1].take(key, quota).await.expect("there").allowed, "{key}");
    }
}

async fn sec_4_parallel_requests_over_two_nodes_never_exceed_the_limit(store: Store) {
    let quota = Quota { limit: 50, window: HOUR };
    let takes = (0..400).map(|n| store.nodes[n % 2].take("k", quota));
    let passed =
        join_all(takes).await.into_iter().filter(|decision| decision.as_ref().expect("there").allowed);
    assert_eq!(passed.count(), 50);
}

async fn sec_4_a_limit_of_nothing_lets_nothing_pass(store: Store) {
    let decision = store.nodes[0].take("k", Quota { limit: 0, window: HOUR }).await.expect("there");
    assert!(!decision.allowed && decision.remaining == 0 && decision.retry_after == HOUR, "{decision:?}");
    let huge = Quota { limit: u32::MAX, window: Duration::MAX };
    assert!(store.nodes[0].take("huge", huge).await.expect("there").allowed);
    let dense = Quota { limit: u32::MAX, window: Duration::from_micros(1) };
    assert!(store.nodes[0].take("dense", dense).await.expect("there").allowed);
}

const BACKOFF: Backoff =
    Backoff { free: 2, base: Duration::from_secs(100), max: Duration::from_secs(350), forget: HOUR };

/// A wait of so many seconds, less what passed since.
fn is_about(wait: Duration, seconds: u64) -> bool {
    let whole = Duration::from_secs(seconds);
    wait <= whole && wait + 30 * SECOND > whole
}

async fn sec_5_failures_double_the_wait_up_to_its_bound(store: Store) {
    for (index, seconds) in [0, 0, 100, 200, 350, 350, 350].into_iter().enumerate() {
        let node = &store.nodes[index % 2];
        let wait = node.record_failure("k", BACKOFF).await.expect("there");
        assert!(is_about(wait, seconds), "failure {index}: {wait:?}");
        let remaining = store.nodes[0].backoff_remaining("k").await.expect("there");
        assert!(remaining <= wait && is_about(remaining, seconds), "failure {index}: {remaining:?}");
    }
    assert_eq!(store.nodes[0].backoff_remaining("another").await.expect("there"), Duration::ZERO);
    for _ in 0..100 {
        store.nodes[0].record_failure("k", BACKOFF).await.expect("there");
    }
    assert!(is_about(store.nodes[0].record_failure("k", BACKOFF).await.expect("there"), 350), "no overflow");
}

async fn sec_5_a_try_is_counted_or_has_to_wait(store: Store) {
    let short = Duration::from_millis(200);
    let backoff = Backoff { free: 1, base: short, max: short * 2, forget: HOUR };
    let limiter = &store.nodes[0];
    for longest in [Duration::ZERO, short, short * 2, short * 2] {
        let Admission::Counted(wait) = limiter.admit("k", backoff).await.expect("there") else {
            panic!("it waited long enough");
        };
        assert_eq!(wait, longest);
        store.pass(wait).await;
    }
    limiter.clear_failures("k").await.expect("there");
    for _ in 0..2 {
        limiter.admit("k", BACKOFF).await.expect("there");
    }
    assert_eq!(store.nodes[1].admit("k", BACKOFF).await.expect("there"), Admission::Counted(100 * SECOND));
    for _ in 0..10 {
        match store.nodes[1].admit("k", BACKOFF).await.expect("there") {
            Admission::Refused(wait) => {
                assert!(is_about(wait, 100), "what is refused is not counted: {wait:?}")
            }
            counted @ Admission::Counted(_) => panic!("{counted:?}"),
        }
    }
    let counted = limiter.record_failure("k", BACKOFF).await.expect("there");
    assert!(is_about(counted, 200), "both count alike: {counted:?}");
}

async fn sec_5_of_many_tries_at_once_only_the_free_ones_and_one_get_in(store: Store) {
    let tries = (0..200).map(|n| store.nodes[n % 2].admit("k", BACKOFF));
    let counted = join_all(tries)
        .await
        .into_iter()
        .filter(|admission| matches!(admission.as_ref().expect("there"), Admission::Counted(_)));
    assert_eq!(counted.count(), 3);
}

async fn sec_5_a_success_clears_the_failures(store: Store) {
    for _ in 0..5 {
        store.nodes[0].record_failure("k", BACKOFF).await.expect("there");
    }
    store.nodes[1].clear_failures("k").await.expect("there");
    assert_eq!(store.nodes[0].backoff_remaining("k").await.expect("there"), Duration::ZERO);
    assert_eq!(store.nodes[0].record_failure("k", BACKOFF).await.expect("there"), Duration::ZERO);
    store.nodes[0].clear_failures("never failed").await.expect("there");
}

async fn sec_5_failures_are_forgotten(store: Store) {
    let limiter = &store.nodes[0];
    let short = Duration::from_millis(200);
    let backoff = Backoff { free: 1, base: short, max: short * 2, forget: 2 * SECOND };
    for wait in [Duration::ZERO, short, short * 2] {
        assert!(limiter.record_failure("k", backoff).await.expect("there") <= wait);
    }
    store.pass(short * 2).await;
    assert_eq!(limiter.backoff_remaining("k").await.expect("there"), Duration::ZERO, "waited");
    assert!(limiter.record_failure("k", backoff).await.expect("there") > Duration::ZERO, "but not forgotten");
    store.pass(2 * SECOND + short).await;
    assert_eq!(limiter.record_failure("k", backoff).await.expect("there"), Duration::ZERO, "forgotten");
}

async fn it_answers_a_ping(store: Store) {
    store.nodes[0].ping().await.expect("there");
}

#[tokio::test]
async fn t_op_03_no_key_in_redis_is_without_expiry() {
    let config = servers::shared();
    let limiter = RedisLimiter::new(&config).expect("good settings");
    for n in 0..20_u32 {
        let quota = Quota { limit: n + 1, window: HOUR };
        for _ in 0..=n {
            limiter.take(&format!("bucket {n}"), quota).await.expect("there");
        }
        limiter.record_failure(&format!("failures {n}"), BACKOFF).await.expect("there");
        limiter.record_failure("again and again", BACKOFF).await.expect("there");
        limiter.admit("admitted again and again", BACKOFF).await.expect("there");
        limiter.backoff_remaining(&format!("only looked at {n}")).await.expect("there");
    }
    let mut connection =
        servers::client(&config).get_multiplexed_async_connection().await.expect("connected");
    let keys: BTreeSet<String> = connection.keys(format!("{}*", config.prefix)).await.expect("keys");
    assert_eq!(keys.len(), 42, "{keys:?}");
    for key in keys {
        let expiry_ms: i64 = connection.pttl(&key).await.expect("a number");
        assert!(expiry_ms > 0 && expiry_ms <= 3_600_002, "{key}: {expiry_ms}");
    }
}

#[tokio::test]
async fn a_flood_of_keys_in_memory_washes_away_no_wait() {
    let limiter = MemoryLimiter::with_keys_max(MovedClock::new(), 1024);
    for _ in 0..10 {
        limiter.record_failure("victim", BACKOFF).await.expect("there");
    }
    for n in 0..20_000 {
        limiter.take(&format!("flood {n}"), Quota { limit: 1, window: SECOND }).await.expect("there");
        limiter.record_failure(&format!("flood {n}"), BACKOFF).await.expect("there");
    }
    assert!(limiter.backoff_remaining("victim").await.expect("there") > Duration::ZERO);
}
