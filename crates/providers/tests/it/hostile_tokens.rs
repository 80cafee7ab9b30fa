//! Every bad ID token that the stand-in's catalogue knows, by both doors: out of a code, and handed over.

use std::collections::BTreeSet;

use mainstay_services::ports::ProviderError;
use serde_json::{Value, json};

use crate::support::oidc::{Bench, assert_refused, google};

/// The catalogue: all, sound ones, ones with an unverified address, ones about which correct verifiers differ.
async fn catalogue<P>(bench: &Bench<P>) -> [BTreeSet<String>; 4] {
    let lists = bench.stand_in.get("/faults").await;
    ["faults", "controls", "unverified", "either"].map(|name| {
        let list = lists[name].as_array().expect("a list");
        list.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
    })
}

#[tokio::test]
async fn t_id_05_every_hostile_token_is_refused_and_leads_to_no_request() {
    let bench = google().await;
    bench.sign_in().await.expect("a genuine token passes");
    let [faults, controls, unverified, either] = catalogue(&bench).await;
    let harmless = [controls, unverified, either].into_iter().flatten().collect();
    let hostile: Vec<_> = faults.difference(&harmless).cloned().collect();
    assert!(hostile.len() > 40, "{hostile:?}");
    for fault in &hostile {
        bench.stand_in.post("/next-token", json!({ "fault": fault })).await;
        assert_refused(&bench.sign_in().await, fault);
        assert_refused(&bench.judge(json!({ "fault": fault })).await, &format!("{fault}, handed over"));
    }
    bench.sign_in().await.expect("a genuine token still passes");
    assert_eq!(bench.stand_in.count("trap").await, 0);
    // The unknown key ids among them came within the cool-down of the first fetch, or caused one more.
    assert!(bench.stand_in.count("jwks").await <= 2);
}

#[tokio::test]
async fn t_id_05_a_token_of_another_type_or_beyond_its_bound_is_refused() {
    let bench = google().await;
    assert_refused(&bench.judge(json!({ "header": { "typ": "at+jwt" } })).await, "an access token");
    assert_refused(&bench.judge(json!({ "header": { "x5c": ["MIIB"] } })).await, "a certificate of its own");
    assert_refused(&bench.judge(json!({ "claims": { "padding": "x".repeat(20_000) } })).await, "too long");
    bench.judge(json!({ "remove_header": ["typ"] })).await.expect("Apple sends no type");
}

#[tokio::test]
async fn t_id_05_what_is_not_quite_a_token_gets_an_answer() {
    let bench = google().await;
    let [.., either] = catalogue(&bench).await;
    for fault in &either {
        let outcome = bench.judge(json!({ "fault": fault })).await;
        assert!(!matches!(outcome, Err(ProviderError::Unavailable(_))), "{fault}: {outcome:?}");
    }
    assert_refused(&bench.judge(json!({ "fault": "no_kid" })).await, "without a key id");
}

#[tokio::test]
async fn t_id_05_sound_tokens_pass() {
    let bench = google().await;
    let [_, controls, ..] = catalogue(&bench).await;
    for control in &controls {
        let account = bench.judge(json!({ "fault": control })).await;
        assert!(account.as_ref().is_ok_and(|account| account.email_verified), "{control}: {account:?}");
    }
}

#[tokio::test]
async fn t_id_02_an_address_that_is_not_verified_is_never_believed() {
    let bench = google().await;
    let [_, _, unverified, _] = catalogue(&bench).await;
    assert!(!unverified.is_empty());
    for fault in &unverified {
        let account = bench.judge(json!({ "fault": fault })).await.expect("the token itself is sound");
        assert!(!account.email_verified && !account.email_authoritative, "{fault}");
    }
}

#[tokio::test]
async fn a_name_is_one_bounded_line() {
    let bench = google().await;
    let name =
        async |name: Value| bench.judge(json!({ "claims": { "name": name } })).await.expect("sound").name;
    assert_eq!(name(json!(" Ada\r\nLovelace\u{0} ")).await.as_deref(), Some("AdaLovelace"));
    assert_eq!(name(json!(" \n ")).await, None);
    assert_eq!(name(json!("é".repeat(5000))).await.map(|name| name.chars().count()), Some(100));
}
