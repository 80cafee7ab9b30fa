//! Keys of a team's own back ends (IDN-10).

use std::time::Duration;

use mainstay_model::{audit::Actor, service_key::Scope};
use mainstay_services::{Code, limits, service_keys};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    both_engines,
    harness::{TestApp, refusal},
};

async fn key(test: &TestApp, scopes: &[Scope]) -> (mainstay_model::service_key::ServiceKey, SecretString) {
    service_keys::create(&test.app, &test.ctx(), &Actor::System, "back end", scopes).await.expect("is made")
}

async fn present(test: &TestApp, text: &str) -> mainstay_services::Result<mainstay_model::ServiceKeyId> {
    service_keys::authenticate(&test.app, text, Scope::MembersRead).await.map(|key| key.id)
}

both_engines! {
    async fn idn_10_a_key_is_recognisable_and_stored_as_a_hash(test: &TestApp) {
        let (key, text) = key(test, &[Scope::MembersRead, Scope::MembersRead]).await;
        let text = text.expose_secret();
        assert_eq!((text.len(), &text[..12], &text[12..13]), (56, key.prefix.as_str(), "_"));
        assert!(key.prefix.starts_with("msk_"));
        let listed = service_keys::list(&test.app).await.expect("lists");
        assert_eq!(listed, std::slice::from_ref(&key));
        assert_eq!(
            (key.hash, key.scopes),
            (mainstay_services::crypto::sha256(text.as_bytes()), vec![Scope::MembersRead])
        );
        let event = &test.audit_events().await[0];
        assert_eq!(event.action, "service_key.created");
        assert!(event.detail.contains("members:read") && !event.detail.contains(&text[13..]));
    }

    async fn idn_10_only_the_whole_key_opens_and_only_its_scopes(test: &TestApp) {
        let (key, text) = key(test, &[Scope::MembersRead]).await;
        let text = text.expose_secret();
        assert_eq!(present(test, text).await.expect("opens"), key.id);
        let lacking = service_keys::authenticate(&test.app, text, Scope::AuditRead).await;
        assert_eq!(refusal(lacking), Code::Forbidden);
        let other_end = format!("{}A", &text[..text.len() - 1]);
        let other_end = if other_end == text { format!("{}B", &text[..text.len() - 1]) } else { other_end };
        let multibyte = format!("msk_{}_{}", "é".repeat(4), &text[13..]);
        for wrong in [
            "",
            "msk_",
            &key.prefix,
            &text[..55],
            &format!("{text}A"),
            &other_end,
            &multibyte,
            &text.to_uppercase(),
            &format!("msk_00000000_{}", &text[13..]),
            &format!(" {text}"),
        ] {
            assert_eq!(refusal(present(test, wrong).await), Code::Unauthenticated, "{wrong}");
        }
    }

    async fn idn_10_a_revoked_key_opens_nothing(test: &TestApp) {
        let (key, text) = key(test, &[Scope::MembersRead]).await;
        let revoke = async || service_keys::revoke(&test.app, &test.ctx(), &Actor::System, key.id).await;
        present(test, text.expose_secret()).await.expect("opens, and is kept in mind");
        revoke().await.expect("is revoked");
        assert_eq!(refusal(present(test, text.expose_secret()).await), Code::Unauthenticated);
        assert_eq!(refusal(revoke().await), Code::NotFound);
        assert_eq!(test.audited("service_key.revoked").await, 1);
        assert!(service_keys::list(&test.app).await.expect("lists")[0].revoked_at.is_some());
    }

    async fn idn_10_a_key_that_was_revoked_elsewhere_is_refused_within_a_second(test: &TestApp) {
        let (key, text) = key(test, &[Scope::MembersRead]).await;
        present(test, text.expose_secret()).await.expect("opens");
        present(test, text.expose_secret()).await.expect("opens, and is kept in mind");
        // As another node or the command line does it, whose hint is lost.
        let mut tx = test.app.write().await.expect("a transaction");
        assert!(tx.revoke_service_key(key.id, test.now()).await.expect("is revoked"));
        tx.commit().await.expect("commit");
        test.advance(limits::SESSION_CACHE_TTL);
        assert_eq!(refusal(present(test, text.expose_secret()).await), Code::Unauthenticated);
    }

    async fn idn_10_the_last_use_is_noted_at_most_once_a_minute(test: &TestApp) {
        let (_, text) = key(test, &[Scope::MembersRead]).await;
        let writes = test.store.counts().1;
        for _ in 0..5 {
            present(test, text.expose_secret()).await.expect("opens");
        }
        assert_eq!(test.store.counts().1, writes + 1);
        let used = async || service_keys::list(&test.app).await.expect("lists")[0].last_used_at;
        assert_eq!(used().await, Some(test.now()));
        test.advance(limits::SERVICE_KEY_TOUCH - Duration::from_micros(1));
        present(test, text.expose_secret()).await.expect("opens");
        assert_eq!(test.store.counts().1, writes + 1);
        test.advance(Duration::from_micros(1));
        present(test, text.expose_secret()).await.expect("opens");
        assert_eq!(used().await, Some(test.now()));
    }

    async fn idn_10_a_key_needs_a_name_and_a_scope(test: &TestApp) {
        for (name, scopes) in [(" ", &[Scope::MembersRead][..]), ("back end", &[])] {
            let outcome = service_keys::create(&test.app, &test.ctx(), &Actor::System, name, scopes).await;
            assert_eq!(refusal(outcome), Code::ValidationFailed);
        }
        assert!(service_keys::list(&test.app).await.expect("lists").is_empty());
    }
}
