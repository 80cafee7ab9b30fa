//! Access tokens: what passes, what it costs, and what a lost database means.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mainstay_services::{Code, Settings, crypto, limits, sessions};
use serde_json::{Value, json};

use super::{refresh, session};
use crate::{
    both_engines,
    harness::{NodeOptions, TestApp, refusal},
};

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn claims_of(token: &str) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64url");
    serde_json::from_slice(&claims).expect("JSON")
}

both_engines! {
    async fn ses_1_no_forged_or_damaged_token_passes(test: &TestApp) {
        let signed_in = session(test).await;
        let good = &signed_in.access_token;
        let claims = claims_of(good);
        let kid = sessions::keys::state(&test.app).active_kid.expect("a key");
        let jwks = sessions::keys::jwks(&test.app);
        let public = &jwks["keys"][0];
        let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };

        let none = format!("{}.{payload}.", part(&json!({ "alg": "none", "kid": kid })));
        // The public key as an HMAC secret, in the forms that a careless verifier would take it.
        let hs256 = part(&json!({ "alg": "HS256", "kid": kid }));
        let by_jwk =
            crypto::hmac_sha256(public.to_string().as_bytes(), format!("{hs256}.{payload}").as_bytes());
        let by_jwk = format!("{hs256}.{payload}.{}", crypto::encode(&by_jwk));
        let mut older = claims.clone();
        older["exp"] = json!(claims["exp"].as_i64().expect("a number") + 3600);
        let stretched = format!("{header}.{}.{signature}", part(&older));
        let own_key = part(&json!({ "alg": "ES256", "kid": kid, "jwk": public }));
        let own_key = format!("{own_key}.{payload}.{signature}");
        let no_kid = format!("{}.{payload}.{signature}", part(&json!({ "alg": "ES256" })));
        let flipped = format!("{header}.{payload}.{}A", &signature[..signature.len() - 2]);
        let long = format!("{header}.{payload}.{}", "A".repeat(limits::ACCESS_TOKEN_BYTES_MAX));
        for forged in
            [&none, &by_jwk, &stretched, &own_key, &no_kid, &flipped, &long, "", ".", "..", "a.b.c", payload]
        {
            assert_eq!(refusal(test.authenticate(forged).await), Code::InvalidToken, "{forged}");
        }
        test.authenticate(good).await.expect("the right one passes");
    }

    async fn ses_1_a_token_for_another_issuer_or_audience_does_not_pass(test: &TestApp) {
        // Nodes of other deployments that share keys and database by mistake.
        let differing: [fn(&mut Settings); 2] = [
            |settings| settings.token_issuer = "https://other.example".to_owned(),
            |settings| settings.token_audience = "other".to_owned(),
        ];
        let token = session(test).await.access_token;
        for change in differing {
            let mut options = NodeOptions { seed: 2, ..NodeOptions::new() };
            change(&mut options.settings);
            let other = test.node(options, &test.bus).await.expect("starts");
            assert_eq!(refusal(sessions::authenticate(&other, &token).await), Code::InvalidToken);
        }
    }

    async fn ses_1_a_token_ends_after_a_quarter_of_an_hour_also_when_it_is_known(test: &TestApp) {
        let signed_in = session(test).await;
        test.advance(limits::ACCESS_TOKEN_TTL - Duration::from_micros(1));
        test.authenticate(&signed_in.access_token).await.expect("is in time");
        test.advance(Duration::from_micros(1));
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::InvalidToken);
        refresh(test, &signed_in.refresh_token).await.expect("the session goes on");
    }

    async fn a_session_ends_with_its_sliding_life(test: &TestApp) {
        let mut options = NodeOptions { seed: 2, ..NodeOptions::new() };
        options.settings.session_sliding_ttl = Duration::from_secs(60);
        let app = test.node(options, &test.bus).await.expect("starts");
        let member = test.member().await;
        let mut tx = app.write().await.expect("opens");
        let method = mainstay_model::session::SignInMethod::Passkey;
        let signed_in =
            sessions::open(&app, &mut *tx, &test.ctx(), &member, method, None).await.expect("signs in");
        tx.commit().await.expect("commits");
        test.advance(Duration::from_secs(60) - limits::SESSION_CACHE_TTL / 2);
        sessions::authenticate(&app, &signed_in.access_token).await.expect("is live");
        // Known from memory, and over all the same.
        test.advance(limits::SESSION_CACHE_TTL / 2);
        assert_eq!(refusal(sessions::authenticate(&app, &signed_in.access_token).await), Code::SessionEnded);
    }

    async fn a_hot_request_needs_no_database(test: &TestApp) {
        let signed_in = session(test).await;
        test.authenticate(&signed_in.access_token).await.expect("is live");
        let before = test.store.counts();
        for _ in 0..100 {
            let caller = test.authenticate(&signed_in.access_token).await.expect("is live");
            assert_eq!(caller.session_id, signed_in.session.id);
        }
        assert_eq!(test.store.counts(), before);
        test.advance(limits::SESSION_CACHE_TTL);
        test.authenticate(&signed_in.access_token).await.expect("is live");
        assert_eq!(test.store.counts(), (before.0 + 1, before.1));
    }

    async fn parallel_misses_of_a_session_are_one_read(test: &TestApp) {
        let token: Arc<str> = session(test).await.access_token.into();
        let before = test.store.counts();
        let requests: Vec<_> = (0..50)
            .map(|_| {
                let (app, token) = (Arc::clone(&test.app), Arc::clone(&token));
                tokio::spawn(async move { sessions::authenticate(&app, &token).await })
            })
            .collect();
        for request in requests {
            request.await.expect("joins").expect("is live");
        }
        assert_eq!(test.store.counts(), (before.0 + 1, before.1));
    }

    async fn the_first_use_of_a_generation_is_noted_once(test: &TestApp) {
        let signed_in = session(test).await;
        let noted = async || {
            let session = test.app.read().await.expect("opens").session_by_id(signed_in.session.id).await;
            session.expect("reads").expect("is there").generation_presented_at
        };
        let writes = test.store.counts().1;
        test.authenticate(&signed_in.access_token).await.expect("is live");
        assert_eq!(
            test.store.counts().1,
            writes,
            "nothing comes before a first token"
        );

        let next = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        assert_eq!(noted().await, None);
        let writes = test.store.counts().1;
        for _ in 0..3 {
            // The older access token is of the same session and good until it ends; it says nothing about the newer ones.
            test.authenticate(&signed_in.access_token).await.expect("is live");
        }
        assert_eq!((test.store.counts().1, noted().await), (writes, None));
        for _ in 0..3 {
            test.authenticate(&next.access_token).await.expect("is live");
            test.advance(limits::SESSION_CACHE_TTL);
        }
        assert_eq!(test.store.counts().1, writes + 1);
        assert!(noted().await.is_some());
    }

    async fn without_a_database_a_request_is_told_so_and_not_signed_out(test: &TestApp) {
        let signed_in = session(test).await;
        test.authenticate(&signed_in.access_token).await.expect("is live");
        test.store.set_down(true);
        test.authenticate(&signed_in.access_token).await.expect("is known for a moment");
        test.advance(limits::SESSION_CACHE_TTL);
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::DependencyUnavailable);
        test.store.set_down(false);
        test.authenticate(&signed_in.access_token).await.expect("is live");
    }
}
