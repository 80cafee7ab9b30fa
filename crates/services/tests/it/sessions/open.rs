//! Opening sessions: what tokens hold, what is stored, and who gets none.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mainstay_model::{
    MemberId, Timestamp,
    audit::Actor,
    session::{RevokedReason, SignInMethod},
};
use mainstay_services::{Code, crypto, members, sessions};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::session;
use crate::{
    both_engines,
    harness::{TestApp, refusal},
};

/// Header and claims of a token.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"));
    let mut json = || serde_json::from_slice(&parts.next().expect("a part")).expect("JSON");
    (json(), json())
}

both_engines! {
    async fn ses_1_an_access_token_says_exactly_what_is_promised(test: &TestApp) {
        let signed_in = session(test).await;
        let (header, claims) = parts(&signed_in.access_token);
        assert_eq!(header["alg"], "ES256");
        assert_eq!(header["kid"], sessions::keys::state(&test.app).active_kid.expect("a key"));
        let names: BTreeSet<_> = claims.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["jti", "sub", "sid", "iat", "exp", "aud", "iss", "gen"]));
        assert_eq!(claims["sub"], signed_in.member.id.to_string());
        assert_eq!(claims["sid"], signed_in.session.id.to_string());
        assert_eq!(claims["iat"], test.now().seconds());
        assert_eq!(claims["exp"], test.now().seconds() + 15 * 60);
        assert_eq!(signed_in.access_expires_at, Timestamp::from_seconds(test.now().seconds() + 15 * 60));
        assert_eq!(
            (&claims["aud"], &claims["iss"]),
            (&Value::from("mainstay"), &Value::from("http://localhost:8080"))
        );
    }

    async fn ses_1_a_refresh_token_has_256_bits_and_only_its_hash_is_stored(test: &TestApp) {
        let signed_in = session(test).await;
        let token = crypto::decode_32(signed_in.refresh_token.expose_secret()).expect("32 bytes");
        let mut tx = test.app.read().await.expect("opens");
        let stored = tx.session_by_refresh_hash(&crypto::sha256(&token)).await.expect("reads");
        assert_eq!(stored.expect("is stored by its hash").0.id, signed_in.session.id);
        assert!(tx.session_by_refresh_hash(&token).await.expect("reads").is_none());
        assert!(!format!("{signed_in:?}").contains(signed_in.refresh_token.expose_secret()));
    }

    async fn ses_2_a_session_keeps_where_it_came_from(test: &TestApp) {
        let signed_in = session(test).await;
        let session = &signed_in.session;
        assert_eq!((session.created_ip.as_str(), session.created_agent.as_str()), ("203.0.113.7", "it/1"));
        assert_eq!((session.created_at, session.last_seen_at), (test.now(), test.now()));
        let event = &test.audit_events().await[0];
        assert_eq!(event.action, "session.opened");
        assert_eq!(event.actor, format!("member:{}", signed_in.member.id));
        assert_eq!(event.request_id, "request-1");
        assert!(event.detail.contains("passkey"));
    }

    async fn t_id_22_the_session_id_changes_at_sign_in(test: &TestApp) {
        let member = test.member().await;
        let before = test.sign_in(&member).await;
        test.authenticate(&before.access_token).await.expect("is live");
        let after = test.sign_in_replacing(&member, Some(before.session.id)).await.expect("signs in");
        assert_ne!(before.session.id, after.session.id);
        assert_ne!(before.refresh_token.expose_secret(), after.refresh_token.expose_secret());
        assert_eq!(refusal(test.authenticate(&before.access_token).await), Code::SessionEnded);
        assert_eq!(refusal(super::refresh(test, &before.refresh_token).await), Code::SessionEnded);
        test.authenticate(&after.access_token).await.expect("is live");
        let stored =
            test.app.read().await.expect("opens").session_by_id(before.session.id).await.expect("reads");
        assert_eq!(stored.expect("is kept").revoked_reason, Some(RevokedReason::Replaced));
        assert_eq!(test.audited("session.ended").await, 1);
    }

    async fn a_banned_or_missing_member_gets_no_session(test: &TestApp) {
        let member = test.member().await;
        members::ban(&test.app, &test.ctx(), &Actor::System, member.id, true).await.expect("is banned");
        assert_eq!(refusal(test.sign_in_replacing(&member, None).await), Code::InvalidCredentials);
        let nobody = mainstay_model::member::Member { id: MemberId::new(test.app.new_uuid()), ..member };
        assert_eq!(refusal(test.sign_in_replacing(&nobody, None).await), Code::InvalidCredentials);
        assert_eq!(test.audited("session.opened").await, 0);
    }

    async fn a_ban_and_a_sign_in_at_the_same_moment_leave_no_session(test: &TestApp) {
        for _ in 0..10 {
            let member = test.member().await;
            let (ctx, actor) = (test.ctx(), Actor::System);
            let (signed_in, banned) = tokio::join!(
                test.sign_in_replacing(&member, None),
                members::ban(&test.app, &ctx, &actor, member.id, true),
            );
            banned.expect("is banned");
            if let Ok(signed_in) = signed_in {
                assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
                assert_eq!(refusal(super::refresh(test, &signed_in.refresh_token).await), Code::SessionEnded);
            }
        }
    }

    async fn idn_8_a_seed_gives_the_same_token_values_each_time(test: &TestApp) {
        let (ada, bob) = (test.member().await, test.member().await);
        let first = seeded(test, &ada, "seed").await;
        let caller = test.authenticate(&first.access_token).await.expect("is live");
        sessions::logout(&test.app, &test.ctx(), caller.session_id).await.expect("signs out");
        let again = seeded(test, &ada, "seed").await;
        let value = |signed_in: &sessions::SignedIn| {
            let jti = parts(&signed_in.access_token).1["jti"].clone();
            (signed_in.session.id, signed_in.refresh_token.expose_secret().to_owned(), jti)
        };
        assert_eq!(value(&first), value(&again));
        // It works like any other, also after its tokens went on.
        test.authenticate(&again.access_token).await.expect("is live");
        let next = super::refresh(test, &again.refresh_token).await.expect("refreshes");
        assert_eq!(value(&seeded(test, &ada, "seed").await), value(&first));
        assert_eq!(refusal(super::refresh(test, &next.refresh_token).await), Code::InvalidToken);
        // Another seed or member, other values.
        assert_ne!(value(&seeded(test, &ada, "other").await), value(&first));
        assert_ne!(value(&seeded(test, &bob, "seed").await), value(&first));
        assert_eq!(first.session.method, SignInMethod::Test);
    }
}

async fn seeded(test: &TestApp, member: &mainstay_model::member::Member, seed: &str) -> sessions::SignedIn {
    let mut tx = test.app.write().await.expect("opens");
    let signed_in =
        sessions::open_seeded(&test.app, &mut *tx, &test.ctx(), member, seed, None).await.expect("signs in");
    tx.commit().await.expect("commits");
    sessions::announce_ended(&test.app, &[signed_in.session.id]).await;
    signed_in
}
