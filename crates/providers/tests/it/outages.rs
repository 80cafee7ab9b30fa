//! Providers that fail, mislead or never end.

use std::sync::Arc;

use mainstay_providers::{Google, limits};
use mainstay_services::ports::{ExpectedNonce, IdentityProvider};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

use crate::support::{
    MovedClock,
    oidc::{Bench, NONCE, assert_unavailable, google, google_config, google_stand_in},
};

#[tokio::test]
async fn a_token_endpoint_that_fails_is_left_alone_for_a_while() {
    let bench = google().await;
    for mode in ["503", "reset", "hang", "503", "reset"] {
        let started = bench.start().await;
        bench.stand_in.put("/mode", json!({ "token": mode })).await;
        assert_unavailable(&bench.finish(&started).await, mode);
    }
    bench.stand_in.put("/mode", json!({ "token": "up" })).await;
    let started = bench.start().await;
    let asked = bench.stand_in.count("token").await;
    assert_unavailable(&bench.finish(&started).await, "left alone");
    assert_eq!(bench.stand_in.count("token").await, asked);
    bench.clock.advance(limits::BREAKER_OPEN);
    bench.finish(&started).await.expect("asked again");
    bench.sign_in().await.expect("as if nothing had been");
}

#[tokio::test]
async fn an_unreadable_token_answer_is_the_providers_fault_and_is_not_repeated() {
    let bench = google().await;
    for mode in ["garbage", "empty"] {
        let started = bench.start().await;
        bench.stand_in.put("/mode", json!({ "token": mode })).await;
        let outcome = bench.finish(&started).await;
        assert_unavailable(&outcome, mode);
        assert!(!format!("{outcome:?}").contains("keys"), "{outcome:?}");
        bench.stand_in.put("/mode", json!({ "token": "up" })).await;
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_unavailable() {
    let bench = google().await;
    let started = bench.start().await;
    let Bench { stand_in, provider, .. } = bench;
    stand_in.stop().await;
    let outcome = provider.exchange(&started.answer["code"], &started.verifier, &started.nonce).await;
    assert_unavailable(&outcome, "nobody listens");
}

/// A server that answers every request with the same bytes, again and again if they never end.
async fn canned(answer: String, endless: bool) -> (String, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("bound"));
    let asked = Arc::new(Notify::new());
    let notify = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            notify.notify_one();
            let _ = stream.read(&mut [0; 4096]).await;
            let mut written = stream.write_all(answer.as_bytes()).await;
            while endless && written.is_ok() {
                written = stream.write_all(&[b' '; 4096]).await;
            }
        }
    });
    (url, asked)
}

async fn verify_with_keys_at(jwks_url: &str) -> Result<(), mainstay_services::ports::ProviderError> {
    let stand_in = google_stand_in().await;
    let mut config = google_config(&stand_in);
    config.jwks_url = jwks_url.parse().expect("a URL");
    let clock = MovedClock::new();
    let provider = Google::new(config, clock.clone()).expect("good settings");
    let bench = Bench { stand_in, provider, clock };
    let token = bench.mint(json!({})).await;
    let outcome = bench.provider.verify_id_token(&token, ExpectedNonce::Exactly(NONCE)).await;
    assert_unavailable(&outcome, jwks_url);
    outcome.map(|_| ())
}

#[tokio::test]
async fn a_redirect_of_the_key_set_is_not_followed() {
    let (elsewhere, asked) = canned("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned(), false).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
    let (url, _) = canned(redirect, false).await;
    verify_with_keys_at(&url).await.expect_err("no keys there");
    let was_asked = asked.notified();
    tokio::pin!(was_asked);
    assert!(!was_asked.as_mut().enable(), "nobody went where the redirect pointed");
}

#[tokio::test]
async fn a_key_set_without_end_is_cut_off() {
    let (url, _) = canned("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_owned(), true).await;
    let error = verify_with_keys_at(&url).await.expect_err("too large").to_string();
    assert!(error.contains(&limits::JWKS_BYTES_MAX.to_string()), "{error}");
}
