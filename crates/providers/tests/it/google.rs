//! Sign-in with Google, from the browser's first step to the account.

use std::time::Duration;

use mainstay_services::ports::{ExpectedNonce, IdentityProvider, in_request};
use serde_json::json;

use crate::support::oidc::{
    GOOGLE_CLIENT, NONCE, REDIRECT, assert_refused, assert_unavailable, google, google_with,
};

#[tokio::test]
async fn idn_1_a_google_sign_in_yields_the_verified_account() {
    let bench = google().await;
    let account = bench.sign_in().await.expect("signs in");
    assert_eq!(account.issuer, bench.stand_in.fact("issuer"));
    assert_eq!(account.subject, "1");
    assert_eq!(account.email.as_deref(), Some("ada@gmail.com"));
    assert!(account.email_verified && account.email_authoritative);
    assert_eq!(account.name.as_deref(), Some("Ada Lovelace"));
    assert!(account.refresh_token.is_none());
    let log = bench.stand_in.get("/log").await;
    let form =
        log.as_array().expect("a list").iter().find_map(|entry| entry.get("form")).expect("an exchange");
    assert!(form["code_verifier"].is_string() && form["client_secret"].is_string(), "{form}");
}

#[tokio::test]
async fn obs_1_outgoing_calls_carry_the_id_of_their_request() {
    let bench = google().await;
    let started = bench.start().await;
    in_request("find-me-0123456789".to_owned(), bench.finish(&started)).await.expect("signs in");
    let log = bench.stand_in.get("/log").await;
    for endpoint in ["token", "jwks"] {
        let mut asked = log.as_array().expect("a list").iter().filter(|entry| entry["endpoint"] == endpoint);
        let first = asked.next().unwrap_or_else(|| panic!("{endpoint} was not asked: {log}"));
        assert_eq!(first["request_id"], "find-me-0123456789", "{endpoint}");
    }
    // What is done for nobody's request names none.
    let started = bench.start().await;
    bench.finish(&started).await.expect("signs in");
    let log = bench.stand_in.get("/log").await;
    let last = log.as_array().expect("a list").iter().rfind(|entry| entry["endpoint"] == "token");
    assert!(last.expect("an exchange")["request_id"].is_null());
}

#[tokio::test]
async fn idn_1_the_authorization_request_has_state_nonce_and_an_s256_challenge() {
    let bench = google().await;
    let url = bench.provider.authorize_url("the-state", "the-nonce", "the-challenge");
    let query: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", GOOGLE_CLIENT),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email profile"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", "the-challenge"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!bench.provider.answers_by_form_post());
}

#[tokio::test]
async fn idn_3_a_code_works_once_and_with_its_own_verifier_and_nonce_only() {
    let bench = google().await;
    let mut started = bench.start().await;
    let verifier = std::mem::replace(&mut started.verifier, "x".repeat(43));
    assert_refused(&bench.finish(&started).await, "another verifier");
    let mut started = bench.start().await;
    started.nonce = "another-flow".to_owned();
    assert_refused(&bench.finish(&started).await, "another flow's nonce");
    let started = bench.start().await;
    bench.finish(&started).await.expect("the first time");
    assert_refused(&bench.finish(&started).await, "the second time");
    assert_ne!(verifier, started.verifier);
}

#[tokio::test]
async fn a_wrong_client_secret_is_our_fault_and_not_the_members() {
    let bench = google_with(|config| config.client_secret = "another".to_owned().into()).await;
    assert_unavailable(&bench.sign_in().await, "a wrong secret");
}

#[tokio::test]
async fn a_handed_over_token_may_be_minutes_old_and_for_any_client_of_ours() {
    let bench = google_with(|config| config.other_client_ids = vec!["native.apps.example".to_owned()]).await;
    let judge = async |order| {
        let token = bench.mint(order).await;
        bench.provider.verify_id_token(&token, ExpectedNonce::NoneOfOurs).await
    };
    judge(json!({ "claims": { "iat": { "in": -240 } } })).await.expect("four minutes old");
    assert_refused(&judge(json!({ "claims": { "iat": { "in": -310 } } })).await, "older than five minutes");
    judge(json!({ "fault": "no_nonce" })).await.expect("without a nonce of ours");
    let native = json!({ "claims": { "aud": "native.apps.example", "azp": "native.apps.example" } });
    judge(native.clone()).await.expect("of the native app");
    assert_refused(
        &judge(json!({ "claims": { "aud": "foreign", "azp": "foreign" } })).await,
        "of a foreign app",
    );
    bench.stand_in.post("/next-token", native).await;
    assert_refused(&bench.sign_in().await, "the native app's token out of the web client's code");
}

#[tokio::test]
async fn a_token_with_a_nonce_does_not_pass_where_the_expected_one_is_empty() {
    let bench = google().await;
    let token = bench.mint(json!({ "nonce": "" })).await;
    assert_refused(&bench.provider.verify_id_token(&token, ExpectedNonce::Exactly("")).await, "empty nonces");
}

#[tokio::test]
async fn a_token_lasts_until_its_expiry_and_a_minute() {
    let bench = google().await;
    let token = bench.mint(json!({ "claims": { "exp": { "in": 600 } } })).await;
    bench.clock.advance(Duration::from_secs(655));
    bench.provider.verify_id_token(&token, ExpectedNonce::Exactly(NONCE)).await.expect("within the leeway");
    bench.clock.advance(Duration::from_secs(10));
    assert_refused(&bench.verify(&token).await, "expired");
}
