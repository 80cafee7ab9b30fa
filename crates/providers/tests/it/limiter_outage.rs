//! Redis gone, frozen and swallowed: noticed within two seconds, borne at once, and over by itself (T-OP-03).

use std::time::Duration;

use futures::future::join_all;
use mainstay_providers::RedisLimiter;
use mainstay_services::ports::{Limiter, Quota};
use tokio::time::{Instant, timeout};

use crate::support::{
    redis::{OwnRedis, Tunnel},
    until,
};

const QUOTA: Quota = Quota { limit: 1000, window: Duration::from_secs(3600) };
const NOTICED: Duration = Duration::from_secs(2);
const RECOVERED: Duration = Duration::from_secs(10);

/// The limiter says that it is away, in time, to one caller and to many.
async fn is_noticed(limiter: &RedisLimiter) {
    let start = Instant::now();
    for outcome in join_all((0..100).map(|_| limiter.take("k", QUOTA))).await {
        outcome.expect_err("away");
    }
    assert!(start.elapsed() < NOTICED, "{:?}", start.elapsed());
    // The next ones do not wait for a time-out of their own.
    let start = Instant::now();
    for _ in 0..100 {
        limiter.take("k", QUOTA).await.expect_err("away");
    }
    assert!(start.elapsed() < NOTICED, "{:?}", start.elapsed());
    let start = Instant::now();
    limiter.ping().await.expect_err("away");
    assert!(start.elapsed() < NOTICED, "{:?}", start.elapsed());
}

async fn recovers(limiter: &RedisLimiter) {
    until("the limiter is back", RECOVERED, async || limiter.take("k", QUOTA).await.ok()).await;
    limiter.ping().await.expect("there");
}

#[tokio::test]
async fn t_op_03_a_redis_that_ended_is_noticed_and_its_successor_is_found() {
    let mut server = OwnRedis::start().await;
    let limiter = RedisLimiter::new(&server.config()).expect("good settings");
    limiter.take("k", QUOTA).await.expect("there");
    server.kill().await;
    is_noticed(&limiter).await;
    // A new process knows neither the keys nor the scripts.
    server.restart().await;
    recovers(&limiter).await;
}

#[tokio::test]
async fn t_op_03_a_frozen_redis_is_noticed_and_found_again() {
    let server = OwnRedis::start().await;
    let limiter = RedisLimiter::new(&server.config()).expect("good settings");
    limiter.take("k", QUOTA).await.expect("there");
    server.signal("-STOP").await;
    is_noticed(&limiter).await;
    server.signal("-CONT").await;
    recovers(&limiter).await;
}

#[tokio::test]
async fn t_op_03_a_black_hole_is_noticed_and_left_behind() {
    let server = OwnRedis::start().await;
    let tunnel = Tunnel::to(server.port).await;
    let limiter = RedisLimiter::new(&tunnel.config()).expect("good settings");
    limiter.take("k", QUOTA).await.expect("there");
    tunnel.swallow(true);
    is_noticed(&limiter).await;
    // The connections from before stay open and dumb for ever; only a new one helps.
    tunnel.swallow(false);
    recovers(&limiter).await;
}

#[tokio::test]
async fn t_op_03_a_redis_that_was_never_there_is_found_when_it_comes() {
    let mut server = OwnRedis::start().await;
    server.kill().await;
    let limiter = RedisLimiter::new(&server.config()).expect("it need not be there yet");
    is_noticed(&limiter).await;
    server.restart().await;
    recovers(&limiter).await;
}

#[tokio::test]
async fn t_op_03_impatient_callers_leave_a_black_hole_behind_too() {
    let server = OwnRedis::start().await;
    let tunnel = Tunnel::to(server.port).await;
    let limiter = RedisLimiter::new(&tunnel.config()).expect("good settings");
    limiter.take("k", QUOTA).await.expect("there");
    tunnel.swallow(true);
    let impatient = async || timeout(Duration::from_millis(300), limiter.take("k", QUOTA)).await;
    impatient().await.expect_err("gave up before the limiter's own time-out");
    tunnel.swallow(false);
    until("a new connection is made", RECOVERED, async || impatient().await.ok()?.ok()).await;
}

#[tokio::test]
async fn t_op_03_callers_who_go_away_break_nothing() {
    let server = OwnRedis::start().await;
    let limiter = RedisLimiter::new(&server.config()).expect("good settings");
    for _ in 0..50 {
        let _ = timeout(Duration::from_micros(50), limiter.take("k", QUOTA)).await;
    }
    limiter.take("k", QUOTA).await.expect("there");
}
