//! The provider's keys: found, rotated, spoiled, out of reach.

use std::time::Duration;

use futures::future::join_all;
use mainstay_providers::limits;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};

use crate::support::oidc::{Bench, assert_refused, assert_unavailable, google};

const DAYS: u64 = 24 * 3600;

/// A token that outlives what a test does with the clock.
fn lasting() -> Value {
    json!({ "claims": { "exp": { "in": 30 * DAYS } } })
}

async fn with_random_kids<P: mainstay_services::ports::IdentityProvider>(bench: &Bench<P>) -> Vec<String> {
    let mut tokens = Vec::new();
    for _ in 0..100 {
        tokens.push(bench.mint(json!({ "fault": "random_kid" })).await);
    }
    tokens
}

#[tokio::test]
async fn t_id_06_a_hundred_random_kids_cause_at_most_one_fetch_per_cool_down() {
    let bench = google().await;
    bench.judge(json!({})).await.expect("the key is known now");
    let tokens = with_random_kids(&bench).await;
    for round in 1..=3_u64 {
        bench.clock.advance(limits::JWKS_COOL_DOWN);
        for outcome in join_all(tokens.iter().map(|token| bench.verify(token))).await {
            assert_refused(&outcome, "a random kid");
        }
        assert_eq!(bench.stand_in.count("jwks").await, 1 + round);
    }
    bench.judge(json!({})).await.expect("the known key works as before");
}

#[tokio::test]
async fn t_id_06_many_first_callers_cause_one_fetch() {
    let bench = google().await;
    let token = bench.mint(json!({})).await;
    for outcome in join_all((0..50).map(|_| bench.verify(&token))).await {
        outcome.expect("all of them verify");
    }
    assert_eq!(bench.stand_in.count("jwks").await, 1);
}

#[tokio::test]
async fn t_id_06_callers_who_go_away_do_not_keep_the_keys_from_coming() {
    let bench = google().await;
    let token = bench.mint(json!({})).await;
    for _ in 0..20 {
        let gone = tokio::time::timeout(Duration::from_micros(100), bench.verify(&token)).await;
        assert!(gone.is_err() || gone.is_ok_and(|outcome| outcome.is_ok()));
    }
    bench.verify(&token).await.expect("the fetch went on");
    assert_eq!(bench.stand_in.count("jwks").await, 1);
}

#[tokio::test]
async fn t_id_06_an_unsupported_key_in_the_set_does_not_spoil_the_others() {
    let bench = google().await;
    for kind in [
        "unsupported_kty",
        "unknown_kty",
        "unsupported_curve",
        "symmetric",
        "encryption_only",
        "without_kid",
        "broken_modulus",
    ] {
        bench.stand_in.post("/keys/strange", json!({ "kind": kind })).await;
    }
    bench.judge(json!({})).await.expect("the good key is found among them");
}

#[tokio::test]
async fn t_id_06_a_new_key_is_found_after_the_cool_down_and_a_withdrawn_one_is_forgotten() {
    let bench = google().await;
    let old = bench.mint(lasting()).await;
    bench.verify(&old).await.expect("the first key");
    bench.stand_in.post("/keys/rotate", json!({ "keep_old": true })).await;
    let new = bench.mint(lasting()).await;
    assert_refused(&bench.verify(&new).await, "within the cool-down of the first fetch");
    bench.clock.advance(limits::JWKS_COOL_DOWN);
    bench.verify(&new).await.expect("the second key");
    bench.verify(&old).await.expect("still published");
    bench.stand_in.post("/keys/rotate", json!({ "keep_old": false })).await;
    bench.clock.advance(limits::JWKS_TTL);
    assert_refused(&bench.verify(&old).await, "withdrawn");
    assert_refused(&bench.verify(&new).await, "withdrawn");
}

#[tokio::test]
async fn t_id_06_with_the_provider_down_known_keys_still_verify_for_a_day() {
    let bench = google().await;
    let known = bench.mint(lasting()).await;
    bench.verify(&known).await.expect("up");
    for mode in ["503", "reset", "garbage", "empty", "hang"] {
        bench.stand_in.put("/mode", json!({ "jwks": mode })).await;
        bench.clock.advance(limits::JWKS_TTL);
        bench.verify(&known).await.expect(mode);
    }
    bench.stand_in.put("/mode", json!({ "jwks": "503" })).await;
    let unknown =
        bench.mint(json!({ "fault": "random_kid", "claims": { "exp": { "in": 30 * DAYS } } })).await;
    assert_unavailable(&bench.verify(&unknown).await, "whether it is known can't be told");
    bench.clock.advance(limits::JWKS_STALE_MAX);
    assert_unavailable(&bench.verify(&known).await, "a day without an answer");
    bench.stand_in.put("/mode", json!({ "jwks": "up" })).await;
    bench.clock.advance(limits::JWKS_COLD_RETRY);
    bench.verify(&known).await.expect("up again");
}

#[tokio::test]
async fn t_id_06_while_one_waits_for_a_slow_provider_the_others_do_not() {
    let bench = google().await;
    let token = bench.mint(lasting()).await;
    bench.verify(&token).await.expect("up");
    bench.stand_in.put("/mode", json!({ "jwks": "hang" })).await;
    bench.clock.advance(limits::JWKS_TTL);
    let asked = bench.stand_in.count("jwks").await;
    let slow = bench.verify(&token);
    tokio::pin!(slow);
    // poll: the slow one has sent its request
    crate::support::until("the fetch is under way", Duration::from_secs(4), async || {
        tokio::select! {
            biased;
            _ = &mut slow => panic!("it has to wait"),
            count = bench.stand_in.count("jwks") => (count > asked).then_some(()),
        }
    })
    .await;
    tokio::select! {
        biased;
        _ = &mut slow => panic!("it has to wait"),
        outcome = bench.verify(&token) => { outcome.expect("with the key that is known"); }
    }
    bench.stand_in.put("/mode", json!({ "jwks": "up" })).await;
    slow.await.expect("with the key that is known");
}

#[tokio::test]
async fn t_id_06_a_provider_that_was_down_from_the_start_is_asked_again_soon() {
    let bench = google().await;
    bench.stand_in.put("/mode", json!({ "jwks": "503" })).await;
    assert_unavailable(&bench.judge(json!({})).await, "down");
    bench.stand_in.put("/mode", json!({ "jwks": "up" })).await;
    assert_unavailable(&bench.judge(json!({})).await, "asked a moment ago");
    bench.clock.advance(limits::JWKS_COLD_RETRY);
    bench.judge(json!({})).await.expect("up again");
}

#[tokio::test]
async fn idn_4_the_key_set_is_fetched_anew_after_its_time_and_not_before() {
    let bench = google().await;
    let token = bench.mint(lasting()).await;
    bench.stand_in.put("/keys/cache-control", json!({ "value": "max-age=600" })).await;
    bench.verify(&token).await.expect("good");
    bench.clock.advance(Duration::from_secs(590));
    bench.verify(&token).await.expect("good");
    assert_eq!(bench.stand_in.count("jwks").await, 1);
    bench.clock.advance(Duration::from_secs(20));
    bench.verify(&token).await.expect("good");
    assert_eq!(bench.stand_in.count("jwks").await, 2);
}

#[tokio::test]
async fn idn_4_fetches_hits_misses_rotations_and_failures_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    mainstay_providers::describe_metrics();
    let bench = google().await;
    let token = bench.mint(lasting()).await;
    bench.verify(&token).await.expect("a miss and a fetch");
    bench.verify(&token).await.expect("a hit");
    bench.stand_in.post("/keys/rotate", json!({})).await;
    bench.clock.advance(limits::JWKS_COOL_DOWN);
    bench.judge(lasting()).await.expect("a miss, a fetch and a rotation");
    bench.stand_in.put("/mode", json!({ "jwks": "503" })).await;
    bench.clock.advance(limits::JWKS_TTL);
    bench.verify(&token).await.expect("a fetch and a failure, and the key that was known");
    let text = handle.render();
    for (name, count) in [("fetch", 3), ("hit", 1), ("miss", 2), ("rotation", 1), ("failure", 1)] {
        let line = format!("mainstay_jwks_{name}_total{{provider=\"google\"}} {count}\n");
        assert!(text.contains(&line), "{line} in {text}");
    }
    assert!(text.contains("# HELP mainstay_jwks_fetch_total"), "{text}");
}
