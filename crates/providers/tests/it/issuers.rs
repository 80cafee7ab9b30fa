//! Whose tokens pass where: the route chooses the provider, and look-alikes are strangers.

use mainstay_providers::{Apple, Google};
use mainstay_services::ports::{ExpectedNonce, IdentityProvider};
use serde_json::json;

use crate::support::{
    MovedClock,
    oidc::{GOOGLE_CLIENT, NONCE, apple_stand_in, apple_with, assert_refused, google, google_with},
};

#[tokio::test]
async fn t_id_07_a_google_token_is_refused_at_apples_route() {
    let google = google().await;
    let token = google.mint(json!({})).await;
    google.verify(&token).await.expect("good at Google's route");
    let apple = apple_with(|_| {}).await;
    assert_refused(&apple.verify(&token).await, "another provider's key");
    // Even if Apple's route had the same keys and the same client id, the issuer would give it away.
    let (_stand_in, mut config) = apple_stand_in().await;
    config.client_id = GOOGLE_CLIENT.to_owned();
    config.jwks_url = google.stand_in.fact("jwks").parse().expect("a URL");
    let mixed = Apple::new(config, MovedClock::new()).expect("good settings");
    let outcome = mixed.verify_id_token(&token, ExpectedNonce::Exactly(NONCE)).await;
    assert_refused(&outcome, "another provider's issuer");
}

#[tokio::test]
async fn t_id_07_both_apple_issuers_pass_under_one_name_and_a_look_alike_does_not() {
    let apple = apple_with(|config| config.issuer = None).await;
    for issuer in ["https://appleid.apple.com", "https://account.apple.com"] {
        let account = apple.judge(json!({ "claims": { "iss": issuer } })).await.expect(issuer);
        assert_eq!(account.issuer, "https://appleid.apple.com");
    }
    for look_alike in [
        "https://appleid.apple.com/",
        "http://appleid.apple.com",
        "appleid.apple.com",
        "https://appleid.apple.com.example.org",
        "https://APPLEID.apple.com",
        "https://account.apple.com/",
        "https://accounts.apple.com",
        "https://accounts.google.com",
        " https://appleid.apple.com",
        "https://appleid.apple.com\u{0}",
        "https://аppleid.apple.com",
    ] {
        assert_refused(&apple.judge(json!({ "claims": { "iss": look_alike } })).await, look_alike);
    }
}

#[tokio::test]
async fn t_id_07_both_google_spellings_pass_under_one_name_and_a_look_alike_does_not() {
    let google = google_with(|config| config.issuer = None).await;
    for issuer in ["https://accounts.google.com", "accounts.google.com"] {
        let account = google.judge(json!({ "claims": { "iss": issuer } })).await.expect(issuer);
        assert_eq!(account.issuer, "https://accounts.google.com");
    }
    for look_alike in
        ["http://accounts.google.com", "https://accounts.google.com/", "accounts.google.com.example.org", ""]
    {
        assert_refused(&google.judge(json!({ "claims": { "iss": look_alike } })).await, look_alike);
    }
}

#[tokio::test]
async fn t_id_07_a_configured_issuer_takes_the_place_of_the_real_ones() {
    let google = google().await;
    assert_refused(
        &google.judge(json!({ "claims": { "iss": "https://accounts.google.com" } })).await,
        "the real one",
    );
}

#[tokio::test]
async fn endpoints_without_encryption_are_refused_at_start_up() {
    let bench = google().await;
    let good = crate::support::oidc::google_config(&bench.stand_in);
    let fault = |config| Google::new(config, MovedClock::new()).err().expect("refused").setting;
    let elsewhere: url::Url = "http://example.org/x".parse().expect("a URL");
    for (setting, config) in [
        ("token_url", mainstay_providers::GoogleConfig { token_url: elsewhere.clone(), ..good.clone() }),
        ("jwks_url", mainstay_providers::GoogleConfig { jwks_url: elsewhere.clone(), ..good.clone() }),
        ("authorize_url", mainstay_providers::GoogleConfig { authorize_url: elsewhere, ..good.clone() }),
        ("client_id", mainstay_providers::GoogleConfig { client_id: String::new(), ..good.clone() }),
        (
            "client_secret",
            mainstay_providers::GoogleConfig { client_secret: String::new().into(), ..good.clone() },
        ),
        ("redirect_uri", mainstay_providers::GoogleConfig { allow_loopback_http: false, ..good }),
    ] {
        assert_eq!(fault(config), setting);
    }
}
