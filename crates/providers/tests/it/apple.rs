//! Sign-in with Apple, from the browser's first step to the revocation.

use mainstay_services::ports::{IdentityProvider, ProviderError};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::oidc::{apple_with, assert_refused, assert_unavailable};

#[tokio::test]
async fn idn_6_an_apple_sign_in_yields_the_account_and_a_token_to_revoke() {
    let bench = apple_with(|_| {}).await;
    assert!(bench.provider.answers_by_form_post());
    let account = bench.sign_in().await.expect("signs in");
    assert_eq!(account.subject, "000.abc");
    assert_eq!(account.email.as_deref(), Some("x@privaterelay.appleid.com"));
    assert!(account.email_verified, "\"true\" equals true");
    assert!(account.email_authoritative, "a relay address is Apple's own");
    assert_eq!(account.name, None, "the name is in the form post only");
    assert!(account.refresh_token.is_some());
}

#[tokio::test]
async fn idn_6_the_client_secret_is_accepted_kept_and_renewed() {
    let bench = apple_with(|_| {}).await;
    bench.sign_in().await.expect("signs in");
    bench.sign_in().await.expect("signs in");
    let secrets = bench.stand_in.get("/client-secrets").await;
    let secrets = secrets.as_array().expect("a list");
    assert!(
        secrets.len() >= 2 && secrets.iter().all(|secret| secret["refused"] == Value::Null),
        "{secrets:?}"
    );
    assert!(
        secrets.iter().all(|secret| secret["secret"] == secrets[0]["secret"]),
        "signed once, not each time"
    );
}

#[tokio::test]
async fn idn_6_a_client_secret_of_another_team_or_key_is_our_fault_and_not_the_members() {
    let bench = apple_with(|config| config.team_id = "OTHERTEAM1".to_owned()).await;
    assert_unavailable(&bench.sign_in().await, "another team");
    let bench = apple_with(|config| config.key_id = "OTHERKEY12".to_owned()).await;
    assert_unavailable(&bench.sign_in().await, "another key");
}

#[tokio::test]
async fn t_id_09_the_name_comes_with_the_first_form_post_only_and_never_from_the_token() {
    let bench = apple_with(|_| {}).await;
    let first = bench.start().await;
    let user: Value = serde_json::from_str(&first.answer["user"]).expect("JSON");
    assert_eq!(user["name"], json!({ "firstName": "Ada", "lastName": "Lovelace" }));
    assert_eq!(bench.finish(&first).await.expect("signs in").name, None);
    let second = bench.start().await;
    assert!(!second.answer.contains_key("user"));
    bench.finish(&second).await.expect("signs in without it too");
    let claimed = bench.judge(json!({ "claims": { "name": "Mallory" } })).await.expect("sound");
    assert_eq!(claimed.name, None);
}

#[tokio::test]
async fn t_id_09_the_address_is_that_of_the_token_and_text_booleans_count() {
    let bench = apple_with(|_| {}).await;
    let user = json!({ "sub": "s", "email": "own@example.org", "email_verified": true, "form_email": "victim@example.org" });
    bench.stand_in.put("/user", user).await;
    let account = bench.sign_in().await.expect("signs in");
    assert_eq!(account.email.as_deref(), Some("own@example.org"));
    assert!(account.email_verified && !account.email_authoritative, "verified once, but not Apple's to give");
    for (written, verified) in
        [(json!("true"), true), (json!(true), true), (json!("false"), false), (json!(false), false)]
    {
        let account = bench.judge(json!({ "claims": { "email_verified": written } })).await.expect("sound");
        assert_eq!(account.email_verified, verified, "{written}");
    }
}

#[tokio::test]
async fn idn_6_a_revocation_reaches_apple() {
    let bench = apple_with(|_| {}).await;
    let token = bench.sign_in().await.expect("signs in").refresh_token.expect("a token");
    bench.provider.revoke(&token).await.expect("revoked");
    let revocations = bench.stand_in.get("/revocations").await;
    assert_eq!(revocations[0]["token"].as_str(), Some(token.expose_secret()));
    assert_eq!(revocations[0]["token_type_hint"].as_str(), Some("refresh_token"));
    assert_eq!(revocations[0]["status"], json!(200));
    bench.provider.revoke(&token).await.expect("a token that is gone is no fault");
    bench.stand_in.put("/mode", json!({ "revoke": "503" })).await;
    let outcome = bench.provider.revoke(&token).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_code_of_apple_works_once() {
    let bench = apple_with(|_| {}).await;
    let started = bench.start().await;
    bench.finish(&started).await.expect("the first time");
    assert_refused(&bench.finish(&started).await, "the second time");
}
