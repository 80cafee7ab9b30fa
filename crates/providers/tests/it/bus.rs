//! Hints between nodes: at once where Redis is there, lost without harm where it is not.

use std::time::Duration;

use mainstay_model::SessionId;
use mainstay_providers::{MemoryBus, RedisBus, RedisConfig};
use mainstay_services::ports::{Bus, Signal};
use tokio::{
    sync::broadcast::{Receiver, error::TryRecvError},
    time::timeout,
};
use uuid::Uuid;

use crate::support::{
    redis::{OwnRedis, Tunnel, shared},
    until,
};

const WITHIN: Duration = Duration::from_secs(10);

fn ended(n: u128) -> Signal {
    Signal::SessionEnded(SessionId::new(Uuid::from_u128(n)))
}

async fn next(signals: &mut Receiver<Signal>) -> Signal {
    timeout(WITHIN, signals.recv()).await.expect("a hint comes").expect("none was lost")
}

/// A node whose subscription stands.
async fn node(config: &RedisConfig) -> (RedisBus, Receiver<Signal>) {
    let bus = RedisBus::start(config).expect("good settings");
    let mut signals = bus.subscribe();
    assert_eq!(next(&mut signals).await, Signal::Lagged, "what came before is lost");
    (bus, signals)
}

#[tokio::test]
async fn a_hint_in_memory_reaches_every_subscriber() {
    let bus = MemoryBus::new();
    bus.publish(Signal::JobsAdded).await;
    let (mut one, mut two) = (bus.subscribe(), bus.subscribe());
    bus.publish(Signal::KeyRingChanged).await;
    assert_eq!(next(&mut one).await, Signal::KeyRingChanged);
    assert_eq!(next(&mut two).await, Signal::KeyRingChanged);
}

#[tokio::test]
async fn ses_5_a_hint_reaches_the_other_nodes_within_a_second_and_the_own_one_once() {
    let config = shared();
    let (one, mut at_one) = node(&config).await;
    let (_two, mut at_two) = node(&config).await;
    one.publish(ended(1)).await;
    assert_eq!(at_one.try_recv(), Ok(ended(1)), "its own subscribers have it at once");
    let heard = timeout(Duration::from_secs(1), at_two.recv()).await.expect("within a second");
    assert_eq!(heard, Ok(ended(1)));
    for n in 2..200 {
        one.publish(ended(n)).await;
    }
    for n in 2..200 {
        assert_eq!(next(&mut at_one).await, ended(n), "in order");
        assert_eq!(next(&mut at_two).await, ended(n), "in order");
    }
    assert_eq!(at_one.try_recv(), Err(TryRecvError::Empty), "nothing twice");
    assert_eq!(at_two.try_recv(), Err(TryRecvError::Empty), "nothing twice");
}

#[tokio::test]
async fn deployments_with_different_prefixes_do_not_hear_each_other() {
    let (one, _) = node(&shared()).await;
    let config = shared();
    let (_two, mut at_two) = node(&config).await;
    let (three, _) = node(&config).await;
    one.publish(ended(1)).await;
    one.stop().await;
    three.publish(ended(2)).await;
    assert_eq!(next(&mut at_two).await, ended(2));
}

#[tokio::test]
async fn what_waits_is_sent_before_the_bus_stops() {
    let config = shared();
    let (one, mut at_one) = node(&config).await;
    let (_two, mut at_two) = node(&config).await;
    for n in 0..300 {
        one.publish(ended(n)).await;
    }
    one.stop().await;
    for n in 0..300 {
        assert_eq!(next(&mut at_two).await, ended(n));
    }
    one.publish(ended(999)).await;
    until("the own subscribers still hear", WITHIN, async || {
        (next(&mut at_one).await == ended(999)).then_some(())
    })
    .await;
    assert_eq!(at_two.try_recv(), Err(TryRecvError::Empty));
}

#[tokio::test]
async fn an_unreadable_hint_is_taken_as_something_changed() {
    let config = shared();
    let (_one, mut at_one) = node(&config).await;
    let mut connection =
        crate::support::redis::client(&config).get_multiplexed_async_connection().await.expect("connected");
    for text in
        ["", "{}", r#"{"node":"00000000-0000-0000-0000-000000000000","signal":{"type":"of_the_future"}}"#]
    {
        let publish = redis::cmd("PUBLISH").arg(format!("{}bus", config.prefix)).arg(text).to_owned();
        publish.exec_async(&mut connection).await.expect("published");
        assert_eq!(next(&mut at_one).await, Signal::Lagged, "{text}");
    }
}

/// Whatever happened to Redis: the nodes are told that they missed something, and hear each other again.
async fn hears_again(one: &RedisBus, at_two: &mut Receiver<Signal>) {
    until("the other node is told that hints were lost", WITHIN, async || {
        (next(at_two).await == Signal::Lagged).then_some(())
    })
    .await;
    // The sender may take a moment longer than the receiver; hints of that moment are lost, as hints may be.
    until("the other node hears again", WITHIN, async || {
        one.publish(ended(7)).await;
        let heard = timeout(Duration::from_millis(100), at_two.recv()).await;
        matches!(heard, Ok(Ok(signal)) if signal == ended(7)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn t_op_03_the_bus_survives_the_end_of_redis() {
    let mut server = OwnRedis::start().await;
    let (one, mut at_one) = node(&server.config()).await;
    let (_two, mut at_two) = node(&server.config()).await;
    server.kill().await;
    one.publish(ended(1)).await;
    assert_eq!(at_one.try_recv(), Ok(ended(1)), "the own node hears without Redis");
    server.restart().await;
    hears_again(&one, &mut at_two).await;
}

#[tokio::test]
async fn t_op_03_the_bus_notices_a_black_hole_behind_a_silent_channel() {
    let server = OwnRedis::start().await;
    let tunnel = Tunnel::to(server.port).await;
    let (one, _at_one) = node(&server.config()).await;
    let (_two, mut at_two) = node(&tunnel.config()).await;
    tunnel.swallow(true);
    // Nothing was said on the channel, and nothing was closed: only an unanswered ping makes it try another connection.
    let taken = tunnel.taken();
    until("the node leaves its dumb connection", WITHIN, async || (tunnel.taken() > taken).then_some(()))
        .await;
    tunnel.swallow(false);
    hears_again(&one, &mut at_two).await;
}
