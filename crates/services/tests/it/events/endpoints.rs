//! Endpoints and their secrets.

use std::sync::Arc;

use mainstay_model::audit::Actor;
use mainstay_services::{
    Code,
    crypto::{Purpose, Sealer},
    events::{
        self,
        endpoints::{self as manage, EndpointChange, NewEndpoint},
    },
    limits, resealing,
};

use super::{deliver, endpoint, expected_signature, granted};
use crate::{
    both_engines,
    harness::{LocalBus, NodeOptions, TestApp, refusal},
};

fn new(url: &str) -> NewEndpoint {
    NewEndpoint { url: url.to_owned(), description: String::new(), event_types: Vec::new() }
}

both_engines! {
    async fn what_can_be_no_endpoint_is_refused(test: &TestApp) {
        let long = format!("https://a.example/{}", "x".repeat(limits::WEBHOOK_URL_BYTES_MAX));
        for url in ["", "hooks.example.com", "http://hooks.example.com/", "ftp://hooks.example.com/", &long] {
            let outcome = manage::create(&test.app, &test.ctx(), &Actor::System, &new(url)).await;
            assert_eq!(refusal(outcome), Code::ValidationFailed, "{url}");
        }
        let (known, _) = endpoint(test, "hooks.example.com", &[]).await;
        let change = EndpointChange { url: Some("http://x.example/".to_owned()), ..EndpointChange::default() };
        let outcome = manage::update(&test.app, &test.ctx(), &Actor::System, known.id, &change).await;
        assert_eq!(refusal(outcome), Code::ValidationFailed);
        assert_eq!(manage::list(&test.app).await.expect("lists"), [known]);
    }

    async fn there_are_so_many_and_no_more(test: &TestApp) {
        for number in 1..limits::WEBHOOK_ENDPOINTS_MAX {
            endpoint(test, &format!("{number}.example.com"), &[]).await;
        }
        let outcomes = futures::future::join_all((0..4).map(|_| async {
            manage::create(&test.app, &test.ctx(), &Actor::System, &new("https://x.example/")).await
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let refused = outcomes.into_iter().filter(Result::is_err).map(refusal).all(|code| code == Code::Conflict);
        assert!(refused);
        assert_eq!(manage::list(&test.app).await.expect("lists").len(), limits::WEBHOOK_ENDPOINTS_MAX);
    }

    async fn what_operators_do_is_audited_without_the_path_of_the_url(test: &TestApp) {
        let (one, _) = endpoint(test, "hooks.example.com", &[]).await;
        let (ctx, actor) = (test.ctx(), Actor::System);
        let change = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
        manage::update(&test.app, &ctx, &actor, one.id, &change).await.expect("disables");
        let change = EndpointChange { enabled: Some(true), ..EndpointChange::default() };
        manage::update(&test.app, &ctx, &actor, one.id, &change).await.expect("enables");
        let change = EndpointChange { description: Some("other".to_owned()), ..EndpointChange::default() };
        manage::update(&test.app, &ctx, &actor, one.id, &change).await.expect("changes");
        manage::rotate_secret(&test.app, &ctx, &actor, one.id, limits::ENDPOINT_SECRET_OVERLAP).await.expect("rotates");
        events::deliveries::send_test(&test.app, &ctx, &actor, one.id).await.expect("tests");
        manage::delete(&test.app, &ctx, &actor, one.id).await.expect("deletes");
        assert_eq!(refusal(manage::delete(&test.app, &ctx, &actor, one.id).await), Code::NotFound);
        assert_eq!(refusal(manage::get(&test.app, one.id).await), Code::NotFound);
        let events = test.audit_events().await;
        let actions: Vec<_> = events.iter().rev().map(|event| event.action.as_str()).collect();
        let expected = [
            "webhook_endpoint.created",
            "webhook_endpoint.disabled",
            "webhook_endpoint.enabled",
            "webhook_endpoint.changed",
            "webhook_endpoint.secret_rotated",
            "webhook_endpoint.tested",
            "webhook_endpoint.deleted",
        ];
        assert_eq!(actions, expected);
        assert!(events.iter().all(|event| !event.detail.contains("t0ken") && !event.detail.contains("whsec")));
        assert!(events.iter().all(|event| event.subject == format!("webhook_endpoint:{}", one.id)));
    }

    async fn whk_6_secrets_are_sealed_and_follow_the_key(test: &TestApp) {
        let (one, secret) = endpoint(test, "hooks.example.com", &[]).await;
        let sealed = async || {
            let mut tx = test.app.read().await.expect("opens");
            tx.live_endpoint_secrets(test.now()).await.expect("reads").remove(0).sealed_secret
        };
        assert!(test.app.sealer.open(Purpose::EndpointSecret, &sealed().await).is_ok());
        assert!(test.app.sealer.open(Purpose::ProviderToken, &sealed().await).is_err());
        let node = async |seed, current, earlier: &[[u8; 32]]| {
            let token_keys = (current, earlier.to_vec());
            let options = NodeOptions { token_keys, seed, ..NodeOptions::new() };
            test.node(options, &Arc::new(LocalBus::new(8))).await.expect("starts")
        };
        let rotating = node(2, [8; 32], &[[7; 32]]).await;
        let resealed = resealing::run_once(&rotating).await.expect("runs").expect("its turn");
        assert_eq!(resealed.left, 0);
        assert!(Sealer::new([8; 32], &[]).is_current(&sealed().await));
        let alone = node(3, [8; 32], &[]).await;
        granted(test, 1).await;
        assert_eq!(events::deliver_due(&alone).await.expect("delivers"), 1);
        let sent = test.sender.sent().pop().expect("one");
        assert_eq!(sent.signature, expected_signature(&secret, &sent.id, sent.timestamp, &sent.body));
        // A node that lacks the key sends nothing that is not signed.
        let event = granted(test, 2).await;
        assert_eq!(deliver(test).await, 1);
        assert_eq!(test.sender.sent().len(), 1);
        let delivery = super::delivery(test, one.id, event.id).await;
        assert_eq!(delivery.last_fault.as_deref(), Some("no_secret"));
    }
}
