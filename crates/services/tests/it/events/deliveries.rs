//! What is sent, when it is sent again, and when it is not.

use mainstay_model::{
    audit::Actor,
    outgoing::{DeliveryKey, DeliveryState, DisabledReason, EventType},
};
use mainstay_services::{
    Code,
    events::{
        self, deliveries as log,
        endpoints::{self as manage, EndpointChange},
    },
    limits,
    ports::{RetryAfter, SendFault},
    retention,
};
use serde_json::{Value, json};

use super::{
    DAY, MINUTE, an_event, deliver, deliveries_of, delivery, emit, endpoint, expected_signature, granted,
};
use crate::{
    both_engines,
    harness::{SendFate, TestApp, refusal},
};

/// Every attempt that there is, of all that fail.
const ATTEMPTS_MAX: usize = limits::DELIVERY_PAUSES.len() + 1;

/// Fails until nothing is tried any more; answers how many attempts were made.
async fn fail_for_good(test: &TestApp) -> usize {
    let mut made = deliver(test).await;
    for pause in limits::DELIVERY_PAUSES {
        test.advance(pause);
        made += deliver(test).await;
    }
    made
}

both_engines! {
    async fn whk_6_an_event_goes_out_once_signed_after_its_commit(test: &TestApp) {
        let (endpoint, secret) = endpoint(test, "hooks.example.com", &[]).await;
        let event = granted(test, 150).await;
        assert_eq!(deliver(test).await, 1);
        assert_eq!(deliver(test).await, 0);
        let sent = test.sender.sent();
        assert_eq!(sent.len(), 1);
        let sent = &sent[0];
        assert_eq!(sent.url.as_str(), "https://hooks.example.com/in?token=t0ken");
        assert_eq!(sent.id, event.id.to_string());
        assert_eq!(sent.timestamp, 1_800_000_000);
        assert_eq!(sent.signature, expected_signature(&secret, &sent.id, sent.timestamp, &sent.body));
        let body: Value = serde_json::from_str(&sent.body).expect("JSON");
        let expected = json!({
            "id": event.id, "type": "points.granted", "timestamp": test.now(), "data": { "points": 150 },
        });
        assert_eq!(body, expected);
        let delivery = delivery(test, endpoint.id, event.id).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        assert_eq!((delivery.delivered_at, delivery.last_status), (Some(test.now()), Some(204)));
    }

    async fn whk_6_what_was_rolled_back_is_never_told(test: &TestApp) {
        endpoint(test, "hooks.example.com", &[]).await;
        let mut tx = test.app.write().await.expect("opens");
        let event = an_event(test, EventType::PointsGranted, 1);
        assert!(events::emit(&mut *tx, &[event]).await.expect("writes"));
        drop(tx);
        assert_eq!(deliver(test).await, 0);
    }

    async fn whk_6_an_endpoint_hears_only_of_what_it_asked_for(test: &TestApp) {
        endpoint(test, "all.example.com", &[]).await;
        endpoint(test, "some.example.com", &[EventType::PointsReversed, EventType::PointsRedeemed]).await;
        let (off, _) = endpoint(test, "off.example.com", &[]).await;
        let change = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
        manage::update(&test.app, &test.ctx(), &Actor::System, off.id, &change).await.expect("changes");
        let events = [EventType::PointsGranted, EventType::PointsReversed].map(|kind| an_event(test, kind, 1));
        emit(test, &events).await;
        assert_eq!(deliver(test).await, 3);
        let counts = ["all.example.com", "some.example.com", "off.example.com"].map(|host| test.sender.sent_to(host));
        assert_eq!(counts, [2, 1, 0]);
    }

    async fn whk_6_a_failed_delivery_is_tried_for_three_days_and_then_its_endpoint_is_disabled(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        test.sender.always("hooks.example.com", 500);
        let event = granted(test, 1).await;
        let begun = test.now();
        for (number, pause) in limits::DELIVERY_PAUSES.into_iter().enumerate() {
            assert_eq!(deliver(test).await, 1, "attempt {}", number + 1);
            // Not before four fifths of the longest pause, and not later than the whole.
            test.advance(pause * 4 / 5 - std::time::Duration::from_millis(1));
            assert_eq!(deliver(test).await, 0, "too early after attempt {}", number + 1);
            test.advance(pause / 5 + std::time::Duration::from_millis(1));
        }
        let found = delivery(test, endpoint.id, event.id).await;
        assert_eq!((found.state, found.attempts), (DeliveryState::Pending, 9));
        assert_eq!(test.audited("webhook_endpoint.disabled").await, 0);
        assert_eq!(deliver(test).await, 1);
        assert!(test.now().since(begun) < 3 * DAY);
        let found = delivery(test, endpoint.id, event.id).await;
        assert_eq!((found.state, found.attempts), (DeliveryState::SetAside, 10));
        assert_eq!((found.last_status, found.last_fault.as_deref()), (Some(500), Some("status")));
        let disabled = manage::get(&test.app, endpoint.id).await.expect("is there");
        assert_eq!(disabled.disabled.map(|disabled| disabled.reason), Some(DisabledReason::Failing));
        assert_eq!(disabled.failing_since, Some(begun));
        assert_eq!(test.audited("webhook_endpoint.disabled").await, 1);
        // Nothing more is sent there.
        granted(test, 2).await;
        test.advance(DAY);
        assert_eq!(deliver(test).await, 0);
        // The body is the same each time, the signature is of its moment.
        let sent = test.sender.sent();
        assert!(sent.iter().all(|one| one.body == sent[0].body && one.id == sent[0].id));
        assert_ne!(sent[0].signature, sent[9].signature);
    }

    async fn whk_6_a_receiver_is_asked_again_when_it_says_and_not_beyond_three_days(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        let event = granted(test, 1).await;
        let begun = test.now();
        let answer = async |asked: RetryAfter| {
            test.sender.next(SendFate::RetryAfter(503, asked));
            assert_eq!(deliver(test).await, 1);
            delivery(test, endpoint.id, event.id).await.next_at
        };
        // In seconds and as a date, each from our own clock's now.
        let next_at = answer(RetryAfter::Delay(MINUTE * 20)).await;
        assert_eq!(next_at, begun + MINUTE * 20);
        test.advance(MINUTE * 20 - MINUTE / 60);
        assert_eq!(deliver(test).await, 0);
        test.advance(MINUTE / 60);
        let asked = test.now() + MINUTE * 600;
        assert_eq!(answer(RetryAfter::Moment(asked)).await, asked);
        test.advance(MINUTE * 600);
        // Sooner than our own pause, or in the past, is no reason to hurry: what is left are 14 hours and twice 20.
        let now = test.now();
        let next_at = answer(RetryAfter::Moment(begun)).await;
        assert!(next_at >= now + MINUTE * 60 * 14 * 4 / 5, "{next_at}");
        test.advance(next_at.since(now));
        // Later than the schedule ends means: once more, at its end.
        let now = test.now();
        assert_eq!(answer(RetryAfter::Delay(DAY * 30)).await, now + MINUTE * 60 * 40);
        test.advance(MINUTE * 60 * 40);
        assert!(test.now().since(begun) < 3 * DAY);
        answer(RetryAfter::Delay(MINUTE)).await;
        let found = delivery(test, endpoint.id, event.id).await;
        assert_eq!((found.state, found.attempts), (DeliveryState::SetAside, 5));
    }

    async fn whk_6_an_endpoint_is_enabled_by_hand_and_gets_what_it_missed(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        test.sender.always("hooks.example.com", 503);
        let (first, second) = (granted(test, 1).await, granted(test, 2).await);
        assert_eq!(fail_for_good(test).await, 2 * ATTEMPTS_MAX);
        let key = DeliveryKey { endpoint_id: endpoint.id, event_id: first.id };
        let (ctx, actor) = (test.ctx(), Actor::System);
        assert_eq!(refusal(log::resend(&test.app, &ctx, &actor, key).await), Code::Conflict);
        assert_eq!(refusal(log::resend_set_aside(&test.app, &ctx, &actor, endpoint.id).await), Code::Conflict);
        assert_eq!(refusal(log::send_test(&test.app, &ctx, &actor, endpoint.id).await), Code::Conflict);
        let change = EndpointChange { enabled: Some(true), ..EndpointChange::default() };
        let enabled = manage::update(&test.app, &ctx, &actor, endpoint.id, &change).await.expect("enables");
        assert_eq!((enabled.disabled, enabled.failing_since), (None, None));
        assert_eq!(deliver(test).await, 0);
        test.sender.always("hooks.example.com", 200);
        log::resend(&test.app, &ctx, &actor, key).await.expect("sends again");
        assert_eq!(deliver(test).await, 1);
        assert_eq!(delivery(test, endpoint.id, first.id).await.state, DeliveryState::Delivered);
        assert_eq!(log::resend_set_aside(&test.app, &ctx, &actor, endpoint.id).await.expect("sends again"), 1);
        assert_eq!(deliver(test).await, 1);
        assert_eq!(delivery(test, endpoint.id, second.id).await.state, DeliveryState::Delivered);
        // What was delivered may be sent again too, and has the same id.
        log::resend(&test.app, &ctx, &actor, key).await.expect("sends again");
        assert_eq!(deliver(test).await, 1);
        assert_eq!(test.sender.sent().last().expect("one").id, first.id.to_string());
    }

    async fn one_that_takes_something_is_not_disabled(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        test.sender.next(SendFate::Status(400));
        let refused = granted(test, 1).await;
        deliver(test).await;
        for pause in limits::DELIVERY_PAUSES {
            // Whatever else there is gets through.
            granted(test, 2).await;
            deliver(test).await;
            test.advance(pause);
            test.sender.next(SendFate::Status(400));
            deliver(test).await;
        }
        assert_eq!(delivery(test, endpoint.id, refused.id).await.state, DeliveryState::SetAside);
        let endpoint = manage::get(&test.app, endpoint.id).await.expect("is there");
        assert_eq!(endpoint.disabled, None);
    }

    async fn whk_6_an_endpoint_that_is_gone_is_disabled_at_once(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        let (gone, waiting) = (granted(test, 1).await, granted(test, 2).await);
        test.sender.always("hooks.example.com", 410);
        assert_eq!(events::deliver_due(&test.app).await.expect("delivers"), 2);
        assert_eq!(deliver(test).await, 0);
        for event in [gone, waiting] {
            let delivery = delivery(test, endpoint.id, event.id).await;
            assert_eq!((delivery.state, delivery.attempts), (DeliveryState::SetAside, 1));
        }
        let endpoint = manage::get(&test.app, endpoint.id).await.expect("is there");
        assert_eq!(endpoint.disabled.map(|disabled| disabled.reason), Some(DisabledReason::Gone));
        assert_eq!(test.audited("webhook_endpoint.disabled").await, 1, "two answers, one event");
    }

    async fn redirects_and_failures_are_told_apart_in_the_log(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        let event = granted(test, 1).await;
        for fate in [
            SendFate::Status(302),
            SendFate::Fail(SendFault::PrivateTarget),
            SendFate::Fail(SendFault::TimeOut),
            SendFate::Panic,
            SendFate::Status(200),
        ] {
            test.sender.next(fate);
            assert_eq!(deliver(test).await, 1);
            test.advance(DAY);
        }
        let key = DeliveryKey { endpoint_id: endpoint.id, event_id: event.id };
        let (delivery, attempts) = log::get(&test.app, key).await.expect("is there");
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 5));
        assert_eq!(delivery.last_fault, None);
        let seen: Vec<_> =
            attempts.iter().rev().map(|attempt| (attempt.number, attempt.status, attempt.fault.as_deref())).collect();
        let expected = [
            (1, Some(302), Some("redirect")),
            (2, None, Some("private_target")),
            (3, None, Some("time_out")),
            (4, None, Some("panic")),
            (5, Some(200), None),
        ];
        assert_eq!(seen, expected);
        assert_eq!(deliveries_of(test, endpoint.id).await, [delivery]);
    }

    async fn whk_6_a_test_event_goes_to_one_endpoint_and_is_tried_once(test: &TestApp) {
        let (one, _) = endpoint(test, "one.example.com", &[EventType::PurchaseRecorded]).await;
        endpoint(test, "two.example.com", &[]).await;
        let (ctx, actor) = (test.ctx(), Actor::System);
        let sent = log::send_test(&test.app, &ctx, &actor, one.id).await.expect("is sent");
        assert_eq!(deliver(test).await, 1);
        assert_eq!((test.sender.sent_to("one.example.com"), test.sender.sent_to("two.example.com")), (1, 0));
        assert_eq!(delivery(test, one.id, sent).await.state, DeliveryState::Delivered);
        test.sender.always("one.example.com", 500);
        let sent = log::send_test(&test.app, &ctx, &actor, one.id).await.expect("is sent");
        assert_eq!(fail_for_good(test).await, 1);
        assert_eq!(delivery(test, one.id, sent).await.state, DeliveryState::SetAside);
        let one = manage::get(&test.app, one.id).await.expect("is there");
        assert_eq!((one.disabled, one.failing_since), (None, None));
    }

    async fn whk_6_a_rotated_secret_signs_beside_the_one_before_for_a_day(test: &TestApp) {
        let (endpoint, first) = endpoint(test, "hooks.example.com", &[]).await;
        let (ctx, actor) = (test.ctx(), Actor::System);
        let overlap = limits::ENDPOINT_SECRET_OVERLAP;
        let rotate = async |overlap| {
            // Newest first is told by moments of at least a millisecond.
            test.advance(MINUTE / 60);
            manage::rotate_secret(&test.app, &ctx, &actor, endpoint.id, overlap).await
        };
        let second = rotate(overlap).await.expect("rotates");
        let signed_by = async |secrets: &[&secrecy::SecretString]| {
            granted(test, 1).await;
            assert_eq!(deliver(test).await, 1);
            let sent = test.sender.sent().pop().expect("one");
            let expected: Vec<_> = secrets
                .iter()
                .map(|secret| expected_signature(secret, &sent.id, sent.timestamp, &sent.body))
                .collect();
            assert_eq!(sent.signature, expected.join(" "));
        };
        signed_by(&[&second, &first]).await;
        test.advance(overlap - MINUTE);
        signed_by(&[&second, &first]).await;
        test.advance(MINUTE);
        signed_by(&[&second]).await;
        let third = rotate(overlap).await.expect("rotates");
        let fourth = rotate(overlap).await.expect("rotates");
        signed_by(&[&fourth, &third, &second]).await;
        assert_eq!(refusal(rotate(overlap).await), Code::Conflict);
        assert_eq!(refusal(rotate(overlap + MINUTE).await), Code::ValidationFailed);
        signed_by(&[&fourth, &third, &second]).await;
        // After a leak nothing else signs any more.
        let fifth = rotate(std::time::Duration::ZERO).await.expect("rotates");
        signed_by(&[&fifth]).await;
    }

    async fn old_events_are_removed_with_their_log(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        granted(test, 1).await;
        deliver(test).await;
        test.advance(limits::OUTGOING_EVENT_KEPT);
        let late = granted(test, 2).await;
        assert_eq!(retention::run_once(&test.app).await.expect("runs").outgoing_events, 0);
        test.advance(limits::RETENTION_INTERVAL);
        assert_eq!(retention::run_once(&test.app).await.expect("runs").outgoing_events, 1);
        let left: Vec<_> =
            deliveries_of(test, endpoint.id).await.into_iter().map(|delivery| delivery.event.id).collect();
        assert_eq!(left, [late.id]);
    }
}
