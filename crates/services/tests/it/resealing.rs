//! Sealing anew after the token-encryption key changed.

use std::sync::Arc;

use mainstay_model::{
    IdentityId, Language,
    identity::{Identity, Provider},
};
use mainstay_services::{
    App,
    crypto::{Purpose, Sealer},
    jobs::{self, Work},
    limits,
    ports::Mail,
    resealing::{self, Resealed},
};

use crate::{
    both_engines,
    harness::{LocalBus, NodeOptions, TestApp},
};

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];

/// A provider's account with a token that the application's key seals.
async fn link(test: &TestApp, app: &App, subject: &str) -> Identity {
    let identity = Identity {
        id: IdentityId::new(app.new_uuid()),
        member_id: test.member().await.id,
        provider: Provider::Apple,
        issuer: "https://appleid.apple.com".to_owned(),
        subject: subject.to_owned(),
        email: None,
        sealed_token: Some(app.sealer.seal(&*app.ports.random, Purpose::ProviderToken, subject.as_bytes())),
        created_at: test.now(),
        last_used_at: None,
    };
    let mut tx = app.write().await.expect("opens");
    tx.insert_identity(&identity).await.expect("inserts");
    tx.commit().await.expect("commits");
    identity
}

async fn token_of(test: &TestApp, identity: &Identity) -> Vec<u8> {
    let mut tx = test.app.read().await.expect("opens");
    let found = tx.identity_by_subject(&identity.issuer, &identity.subject).await.expect("reads");
    found.expect("is linked").sealed_token.expect("has a token")
}

async fn node(test: &TestApp, seed: u64, current: [u8; 32], earlier: &[[u8; 32]]) -> Arc<App> {
    let options = NodeOptions { token_keys: (current, earlier.to_vec()), seed, ..NodeOptions::new() };
    test.node(options, &Arc::new(LocalBus::new(8))).await.expect("starts")
}

both_engines! {
    async fn sec_11_a_new_key_seals_anew_what_the_earlier_one_sealed(test: &TestApp) {
        let mut linked = Vec::new();
        // More than one batch.
        for number in 0..limits::RESEALING_BATCH + 3 {
            linked.push(link(test, &test.app, &format!("subject-{number}")).await);
        }
        let to = "ada@example.com".parse().expect("an address");
        let mail = Mail::new(&to, "Subject".to_owned(), "Text".to_owned(), Language::En);
        let mut tx = test.app.write().await.expect("opens");
        jobs::enqueue(&test.app, &mut *tx, &[Work::SendMail(mail)]).await.expect("enqueues");
        tx.commit().await.expect("commits");
        let access_token = test.sign_in(&test.member().await).await.access_token;

        let rotated = node(test, 2, NEW, &[OLD]).await;
        let current = link(test, &rotated, "current").await;
        let resealed = resealing::run_once(&rotated).await.expect("runs").expect("has the turn");
        // With the job and the signing key; the key of buyers' hashes was sealed anew at the start already.
        assert_eq!(resealed, Resealed { done: linked.len() as u64 + 2, left: 0 });
        assert_eq!(token_of(test, &current).await, current.sealed_token.clone().expect("a token"));

        // The new key alone is enough for everything, the ring at start included.
        let alone = node(test, 3, NEW, &[]).await;
        for identity in &linked {
            let opened = alone.sealer.open(Purpose::ProviderToken, &token_of(test, identity).await);
            assert_eq!(opened.expect("opens"), identity.subject.as_bytes());
        }
        mainstay_services::sessions::authenticate(&alone, &access_token).await.expect("is live");
        assert_eq!(jobs::run_due(&alone).await.expect("runs"), 1);
        assert_eq!(test.mailer.sent().len(), 1);
    }

    async fn sec_11_what_no_key_opens_is_counted_and_left(test: &TestApp) {
        let lost = link(test, &test.app, "lost").await;
        let sealed = Sealer::new([9; 32], &[]).seal(&*test.app.ports.random, Purpose::ProviderToken, b"x");
        let mut tx = test.app.write().await.expect("opens");
        tx.touch_identity(lost.id, None, Some(&sealed), test.now()).await.expect("writes");
        tx.commit().await.expect("commits");
        let resealed = resealing::run_once(&test.app).await.expect("runs");
        assert_eq!(resealed, Some(Resealed { done: 0, left: 1 }));
        assert_eq!(token_of(test, &lost).await, sealed);
        // One node at a time, and again after a while.
        let other = test.second_node().await;
        assert_eq!(resealing::run_once(&other).await.expect("runs"), None);
        test.advance(limits::RESEALING_INTERVAL);
        assert_eq!(resealing::run_once(&test.app).await.expect("runs"), Some(Resealed { done: 0, left: 1 }));
    }
}
