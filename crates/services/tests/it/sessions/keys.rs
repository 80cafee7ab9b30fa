//! The ring of signing keys: first key, rotation, retirement, and what others may see of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mainstay_model::audit::Actor;
use mainstay_services::{
    App, Code, limits, retention,
    sessions::{self, keys},
};
use serde_json::Value;

use super::{refresh, session};
use crate::{
    both_engines,
    harness::{LocalBus, NodeOptions, TestApp, refusal},
};

fn shown(app: &App) -> BTreeSet<String> {
    let jwks = keys::jwks(app);
    let keys = jwks["keys"].as_array().expect("keys");
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

fn kid_of(token: &str) -> String {
    let header = jsonwebtoken::decode_header(token).expect("a header");
    header.kid.expect("a kid")
}

async fn rotate(test: &TestApp, immediately: bool) -> String {
    keys::rotate(&test.app, &test.ctx(), &Actor::System, immediately).await.expect("rotates").kid
}

/// The time after which no token of a replaced key can be good.
const OVERLAP: Duration = Duration::from_secs(15 * 60 + 60);

both_engines! {
    async fn ses_3_nodes_that_start_at_once_make_one_first_key(test: &TestApp) {
        let database = crate::harness::Database::create(engine_of(test)).await;
        let empty = Arc::new(crate::harness::ObservedStore::new(database.open().await));
        let nodes = futures::future::join_all((0..4).map(|seed| {
            let (empty, clock) = (Arc::clone(&empty), Arc::clone(&test.clock));
            let (mailer, sender) = (Arc::clone(&test.mailer), Arc::clone(&test.sender));
            let (limiter, bus) = (Arc::clone(&test.limiter), Arc::clone(&test.bus));
            async move {
                let options = NodeOptions { seed, ..NodeOptions::new() };
                crate::harness::start_node(options, &empty, &clock, (&mailer, &sender), &limiter, &bus).await
            }
        }))
        .await;
        let shown: BTreeSet<_> = nodes.into_iter().map(|node| shown(&node.expect("starts"))).collect();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown.first().expect("one").len(), 1);
        mainstay_store::Store::close(&*empty).await;
        database.remove().await;
    }

    async fn ses_3_the_jwks_shows_public_keys_only(test: &TestApp) {
        let jwks = keys::jwks(&test.app);
        let key = jwks["keys"][0].as_object().expect("a key");
        let names: BTreeSet<_> = key.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"]));
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&Value::from("EC"), &Value::from("P-256"), &Value::from("ES256"))
        );
        // Others verify with it, by any JOSE library.
        let token = session(test).await.access_token;
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwks["keys"][0].clone()).expect("a JWK");
        let verifier = jsonwebtoken::DecodingKey::from_jwk(&jwk).expect("a key");
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        validation.set_audience(&["mainstay"]);
        validation.validate_exp = false;
        jsonwebtoken::decode::<Value>(&token, &verifier, &validation).expect("verifies");
    }

    async fn t_id_23_a_new_key_is_shown_before_it_signs(test: &TestApp) {
        let old = keys::state(&test.app).active_kid.expect("a key");
        let new = rotate(test, false).await;
        assert_eq!(shown(&test.app), BTreeSet::from([old.clone(), new.clone()]));
        test.advance(limits::SIGNING_KEY_LEAD - Duration::from_micros(1));
        assert_eq!(kid_of(&session(test).await.access_token), old);
        test.advance(Duration::from_micros(1));
        assert_eq!(kid_of(&session(test).await.access_token), new);
    }

    async fn t_id_23_the_previous_key_verifies_until_its_last_tokens_ran_out(test: &TestApp) {
        rotate(test, false).await;
        test.advance(limits::SIGNING_KEY_LEAD - Duration::from_secs(1));
        let last_of_old = session(test).await;
        test.advance(Duration::from_secs(1));
        test.authenticate(&last_of_old.access_token)
            .await
            .expect("is of the previous key, within the overlap");
        test.advance(limits::ACCESS_TOKEN_TTL - Duration::from_secs(2));
        test.authenticate(&last_of_old.access_token).await.expect("is good to its end");
        // The key goes a minute after the last token can have gone.
        assert_eq!(shown(&test.app).len(), 2);
        test.advance(limits::CLOCK_LEEWAY + Duration::from_secs(2));
        assert_eq!(shown(&test.app).len(), 1);
    }

    async fn t_id_23_a_token_of_a_retired_key_is_refused(test: &TestApp) {
        // A token that would still be in time, so that only its key can be at fault.
        let mut options = NodeOptions { seed: 2, ..NodeOptions::new() };
        options.settings.access_token_ttl = Duration::from_secs(24 * 3600);
        let long_lived = test.node(options, &test.bus).await.expect("starts");
        let signed_in = session(test).await;
        let refreshed = sessions::refresh(
            &long_lived,
            &test.ctx(),
            secrecy::ExposeSecret::expose_secret(&signed_in.refresh_token),
        )
        .await
        .expect("refreshes");
        test.authenticate(&refreshed.access_token).await.expect("is live");
        rotate(test, true).await;
        test.advance(OVERLAP - Duration::from_micros(1));
        test.authenticate(&refreshed.access_token).await.expect("is within the overlap");
        // Refused although it is known from before, and by a node that never saw it.
        test.advance(Duration::from_micros(1));
        assert_eq!(refusal(test.authenticate(&refreshed.access_token).await), Code::InvalidToken);
        let fresh =
            test.node(NodeOptions { seed: 3, ..NodeOptions::new() }, &test.bus).await.expect("starts");
        assert_eq!(
            refusal(sessions::authenticate(&fresh, &refreshed.access_token).await),
            Code::InvalidToken
        );
    }

    async fn t_op_15_rotation_logs_nobody_out(test: &TestApp) {
        let signed_in = session(test).await;
        let mut refresh_token = signed_in.refresh_token.clone();
        for immediately in [false, true, false] {
            let before = refresh(test, &refresh_token).await.expect("refreshes");
            rotate(test, immediately).await;
            test.authenticate(&before.access_token).await.expect("is live");
            test.advance(limits::SIGNING_KEY_LEAD);
            test.authenticate(&before.access_token).await.expect("is live");
            let after = refresh(test, &before.refresh_token).await.expect("refreshes");
            test.authenticate(&after.access_token).await.expect("is live");
            refresh_token = after.refresh_token;
        }
        assert_eq!(test.audited("key.rotated").await, 3);
    }

    async fn ses_3_an_immediate_rotation_overtakes_one_that_waits(test: &TestApp) {
        let waiting = rotate(test, false).await;
        let new = rotate(test, true).await;
        assert_eq!(kid_of(&session(test).await.access_token), new);
        test.advance(limits::SIGNING_KEY_LEAD);
        assert_eq!(kid_of(&session(test).await.access_token), new);
        test.advance(OVERLAP);
        assert!(!shown(&test.app).contains(&waiting));
    }

    async fn ses_3_a_node_that_missed_the_hint_learns_a_key_from_its_first_token(test: &TestApp) {
        let deaf = Arc::new(LocalBus::new(8));
        let other = test.node(NodeOptions { seed: 2, ..NodeOptions::new() }, &deaf).await.expect("starts");
        let new = rotate(test, true).await;
        let token = session(test).await.access_token;
        assert!(!shown(&other).contains(&new));
        sessions::authenticate(&other, &token).await.expect("is live");
        assert!(shown(&other).contains(&new));
    }

    async fn ses_3_unknown_kids_cause_one_reading_per_cool_down(test: &TestApp) {
        let token = session(test).await.access_token;
        let (_, rest) = token.split_once('.').expect("parts");
        for round in 1..=2 {
            let before = test.store.counts().0;
            for number in 0..100 {
                let header = serde_json::json!({ "alg": "ES256", "kid": format!("kid-{round}-{number}") });
                let forged =
                    format!("{}.{rest}", mainstay_services::crypto::encode(header.to_string().as_bytes()));
                assert_eq!(refusal(test.authenticate(&forged).await), Code::InvalidToken);
            }
            assert_eq!(test.store.counts().0, before + 1);
            test.advance(limits::UNKNOWN_KID_COOLDOWN);
        }
    }

    async fn ses_3_private_keys_are_sealed(test: &TestApp) {
        for key in keys::list(&test.app).await.expect("lists") {
            let bytes = &key.sealed_private_key;
            let pkcs8 = aws_lc_rs::signature::EcdsaKeyPair::from_pkcs8(
                &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                bytes,
            );
            assert!(pkcs8.is_err());
        }
        // Without the right token-encryption key a node does not start.
        let wrong = NodeOptions { token_keys: ([8; 32], Vec::new()), ..NodeOptions::new() };
        assert_eq!(refusal(test.node(wrong, &test.bus).await), Code::Internal);
    }

    async fn ses_3_rotation_seals_earlier_keys_anew_after_the_token_key_changed(test: &TestApp) {
        let signed_in = session(test).await;
        let both = NodeOptions { seed: 2, token_keys: ([8; 32], vec![[7; 32]]), ..NodeOptions::new() };
        let rolling = test.node(both, &test.bus).await.expect("starts");
        keys::rotate(&rolling, &test.ctx(), &Actor::System, true).await.expect("rotates");
        let only_new = NodeOptions { seed: 3, token_keys: ([8; 32], Vec::new()), ..NodeOptions::new() };
        let renewed = test.node(only_new, &test.bus).await.expect("starts with the new key alone");
        sessions::authenticate(&renewed, &signed_in.access_token).await.expect("is live");
    }

    async fn ses_3_retired_keys_are_removed(test: &TestApp) {
        let old = keys::state(&test.app).active_kid.expect("a key");
        rotate(test, true).await;
        retention::run_once(&test.app).await.expect("runs");
        assert_eq!(keys::list(&test.app).await.expect("lists").len(), 2);
        test.advance(OVERLAP);
        retention::run_once(&test.app).await.expect("runs");
        let left = keys::list(&test.app).await.expect("lists");
        assert_eq!(left.len(), 1);
        assert_ne!(left[0].kid, old);
        assert_eq!(test.audited("key.removed").await, 1);
    }

    async fn cfg_5_the_state_of_the_ring_has_an_age(test: &TestApp) {
        let state = keys::state(&test.app);
        assert_eq!((state.keys, state.age, state.loaded_at), (1, Duration::ZERO, test.now()));
        test.advance(Duration::from_secs(3));
        assert_eq!(keys::state(&test.app).age, Duration::from_secs(3));
        rotate(test, true).await;
        assert_eq!((keys::state(&test.app).keys, keys::state(&test.app).age), (2, Duration::ZERO));
    }
}

fn engine_of(test: &TestApp) -> crate::harness::Engine {
    match test.database {
        crate::harness::Database::Sqlite(_) => crate::harness::Engine::Sqlite,
        crate::harness::Database::Postgres { .. } => crate::harness::Engine::Postgres,
    }
}
