//! Google and Apple as stand-ins, and whole sign-ins with them.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use mainstay_providers::{Apple, AppleConfig, Google, GoogleConfig};
use mainstay_services::ports::{ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError};
use serde_json::{Value, json};
use url::Url;

use super::{MovedClock, browser, stand_in::StandIn};

pub(crate) const REDIRECT: &str = "http://localhost:65000/callback";
pub(crate) const GOOGLE_CLIENT: &str = "client-1.apps.example";
pub(crate) const GOOGLE_SECRET: &str = "a google secret";
pub(crate) const APPLE_CLIENT: &str = "org.example.service";
pub(crate) const NONCE: &str = "nonce-of-a-minted-token";
const APPLE_TEAM: &str = "TEAM123456";
const APPLE_KEY: &str = "KEY1234567";

/// A provider with its counterpart.
pub(crate) struct Bench<P> {
    pub(crate) stand_in: StandIn,
    pub(crate) provider: P,
    pub(crate) clock: Arc<MovedClock>,
}

/// What a sign-in leaves behind for its end.
pub(crate) struct Started {
    pub(crate) verifier: String,
    pub(crate) nonce: String,
    /// What came back to the redirect URI.
    pub(crate) answer: BTreeMap<String, String>,
}

fn url(text: &str) -> Url {
    text.parse().expect("a URL")
}

pub(crate) async fn google_stand_in() -> StandIn {
    let arguments = [
        "--provider",
        "google",
        "--client-id",
        GOOGLE_CLIENT,
        "--client-secret",
        GOOGLE_SECRET,
        "--redirect-uri",
        REDIRECT,
    ];
    StandIn::start("oidc/main.mjs", &arguments).await
}

pub(crate) fn google_config(stand_in: &StandIn) -> GoogleConfig {
    GoogleConfig {
        authorize_url: url(stand_in.fact("authorize")),
        token_url: url(stand_in.fact("token")),
        jwks_url: url(stand_in.fact("jwks")),
        issuer: Some(stand_in.fact("issuer").to_owned()),
        allow_loopback_http: true,
        ..GoogleConfig::new(GOOGLE_CLIENT.to_owned(), GOOGLE_SECRET.to_owned().into(), url(REDIRECT))
    }
}

pub(crate) async fn google() -> Bench<Google> {
    google_with(|_| {}).await
}

pub(crate) async fn google_with(change: impl FnOnce(&mut GoogleConfig)) -> Bench<Google> {
    let stand_in = google_stand_in().await;
    let mut config = google_config(&stand_in);
    change(&mut config);
    let clock = MovedClock::new();
    let provider = Google::new(config, clock.clone()).expect("good settings");
    stand_in.put("/user", ada()).await;
    Bench { stand_in, provider, clock }
}

pub(crate) fn ada() -> Value {
    json!({ "sub": "1", "email": "ada@gmail.com", "email_verified": true, "name": "Ada Lovelace" })
}

/// Apple's stand-in and settings that fit it; the stand-in knows the public half of the key only.
pub(crate) async fn apple_stand_in() -> (StandIn, AppleConfig) {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).expect("a key");
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480) before the point itself.
    let mut spki = vec![
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    spki.extend_from_slice(pair.public_key().as_ref());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("apple.pem");
    std::fs::write(&file, pem("PUBLIC KEY", &spki)).expect("written");
    let arguments = [
        "--provider",
        "apple",
        "--client-id",
        APPLE_CLIENT,
        "--redirect-uri",
        REDIRECT,
        "--apple-team-id",
        APPLE_TEAM,
        "--apple-key-id",
        APPLE_KEY,
        "--apple-public-key",
        file.to_str().expect("text"),
    ];
    let stand_in = StandIn::start("oidc/main.mjs", &arguments).await;
    let config = AppleConfig {
        authorize_url: url(stand_in.fact("authorize")),
        token_url: url(stand_in.fact("token")),
        jwks_url: url(stand_in.fact("jwks")),
        revoke_url: url(stand_in.fact("revoke")),
        issuer: Some(stand_in.fact("issuer").to_owned()),
        allow_loopback_http: true,
        ..AppleConfig::new(
            APPLE_CLIENT.to_owned(),
            APPLE_TEAM.to_owned(),
            APPLE_KEY.to_owned(),
            pem("PRIVATE KEY", pkcs8.as_ref()).into(),
            url(REDIRECT),
        )
    };
    (stand_in, config)
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

pub(crate) async fn apple_with(change: impl FnOnce(&mut AppleConfig)) -> Bench<Apple> {
    let (stand_in, mut config) = apple_stand_in().await;
    change(&mut config);
    let clock = MovedClock::new();
    let provider = Apple::new(config, clock.clone()).expect("good settings");
    let user = json!({ "sub": "000.abc", "email": "x@privaterelay.appleid.com", "email_verified": true, "name": "Ada Lovelace" });
    stand_in.put("/user", user).await;
    Bench { stand_in, provider, clock }
}

impl<P: IdentityProvider> Bench<P> {
    /// The browser's trip to the provider and back.
    pub(crate) async fn start(&self) -> Started {
        let verifier = random_text();
        let (state, nonce) = (random_text(), random_text());
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        let start = self.provider.authorize_url(&state, &nonce, &challenge);
        let answer = browser::sign_in(start, REDIRECT).await;
        assert_eq!(answer.get("state"), Some(&state), "{answer:?}");
        Started { verifier, nonce, answer }
    }

    pub(crate) async fn finish(&self, started: &Started) -> Result<ProviderAccount, ProviderError> {
        self.provider.exchange(&started.answer["code"], &started.verifier, &started.nonce).await
    }

    /// A whole sign-in.
    pub(crate) async fn sign_in(&self) -> Result<ProviderAccount, ProviderError> {
        self.finish(&self.start().await).await
    }

    /// A token without a flow, with [`NONCE`] unless the order says otherwise.
    pub(crate) async fn mint(&self, mut order: Value) -> String {
        if order.get("nonce").is_none() {
            order["nonce"] = json!(NONCE);
        }
        self.stand_in.post("/mint", order).await["id_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<ProviderAccount, ProviderError> {
        self.provider.verify_id_token(token, ExpectedNonce::Exactly(NONCE)).await
    }

    /// Mints and verifies.
    pub(crate) async fn judge(&self, order: Value) -> Result<ProviderAccount, ProviderError> {
        self.verify(&self.mint(order).await).await
    }
}

pub(crate) fn random_text() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Fails the test unless the provider said no for good.
#[track_caller]
pub(crate) fn assert_refused(outcome: &Result<ProviderAccount, ProviderError>, what: &str) {
    assert!(matches!(outcome, Err(ProviderError::Refused(_))), "{what}: {outcome:?}");
}

/// Fails the test unless the provider is said to be away.
#[track_caller]
pub(crate) fn assert_unavailable(outcome: &Result<ProviderAccount, ProviderError>, what: &str) {
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{what}: {outcome:?}");
}
