//! Outgoing events: endpoints with their secrets, events, and deliveries.

use std::collections::BTreeSet;

use mainstay_model::{
    EndpointSecretId, OutgoingEventId, WebhookEndpointId,
    outgoing::{
        Delivery, DeliveryAttempt, DeliveryKey, DeliveryState, Disabled, DisabledReason, EndpointSecret,
        EventType, OutgoingEvent, WebhookEndpoint,
    },
    page::PageRequest,
};
use mainstay_store::{AfterAttempt, Attempted, DeliveryCounts, Error, Tx};
use uuid::Uuid;

use crate::{AnyStore, at_once, read, sample, write};

/// An enabled endpoint that wants everything.
#[must_use]
pub fn endpoint() -> WebhookEndpoint {
    WebhookEndpoint {
        id: WebhookEndpointId::new(Uuid::now_v7()),
        url: "https://hooks.example.com/a?token='x'".to_owned(),
        description: "the \"back end\"".to_owned(),
        event_types: Vec::new(),
        disabled: None,
        failing_since: None,
        created_at: sample::at(0),
        updated_at: sample::at(1),
    }
}

/// A secret of an endpoint that does not end.
#[must_use]
pub fn secret(endpoint_id: WebhookEndpointId) -> EndpointSecret {
    EndpointSecret {
        id: EndpointSecretId::new(Uuid::now_v7()),
        endpoint_id,
        sealed_secret: vec![0, 159, 146, 150],
        created_at: sample::at(0),
        expires_at: None,
    }
}

/// An event of a second.
#[must_use]
pub fn event(event_type: EventType, second: i64) -> OutgoingEvent {
    OutgoingEvent {
        id: OutgoingEventId::new(Uuid::now_v7()),
        event_type,
        body: format!(r#"{{"z":1,  "a":"\u0000 é {second}"}}"#),
        occurred_at: sample::at(second),
    }
}

/// Writes an endpoint and answers it.
pub async fn an_endpoint(tx: &mut dyn Tx, event_types: &[EventType]) -> WebhookEndpoint {
    let endpoint = WebhookEndpoint { event_types: event_types.to_vec(), ..endpoint() };
    tx.insert_webhook_endpoint(&endpoint, &secret(endpoint.id)).await.expect("insert");
    endpoint
}

fn key(endpoint: &WebhookEndpoint, event: &OutgoingEvent) -> DeliveryKey {
    DeliveryKey { endpoint_id: endpoint.id, event_id: event.id }
}

/// The delivery as it begins.
fn fresh(endpoint: &WebhookEndpoint, event: &OutgoingEvent) -> Delivery {
    Delivery {
        endpoint_id: endpoint.id,
        event: event.clone(),
        state: DeliveryState::Pending,
        attempts: 0,
        failures: 0,
        next_at: event.occurred_at,
        delivered_at: None,
        last_status: None,
        last_fault: None,
    }
}

fn attempted(key: DeliveryKey, claimed_until: i64, at: i64, after: AfterAttempt) -> Attempted<'static> {
    let is_delivered = after == AfterAttempt::Delivered;
    Attempted {
        key,
        claimed_until: sample::at(claimed_until),
        at: sample::at(at),
        duration_ms: 12,
        status: is_delivered.then_some(204),
        fault: if is_delivered { None } else { Some("time_out") },
        after,
    }
}

/// Kept as written, listed newest first, changed in every field, removed with all that hangs on it.
pub async fn endpoints_live_and_die(store: AnyStore) {
    let mut tx = write(&store).await;
    let mut one = an_endpoint(&mut *tx, &[EventType::PointsGranted, EventType::EndpointTest]).await;
    let mut two = endpoint();
    two.disabled = Some(Disabled { at: sample::at(4), reason: DisabledReason::Gone });
    two.failing_since = Some(sample::at(3));
    tx.insert_webhook_endpoint(&two, &secret(two.id)).await.expect("insert");
    assert_eq!(tx.webhook_endpoint_by_id(one.id).await.expect("read"), Some(one.clone()));
    assert_eq!(tx.lock_webhook_endpoint(two.id).await.expect("lock"), Some(two.clone()));
    assert_eq!(tx.webhook_endpoints().await.expect("list"), [two.clone(), one.clone()]);
    let stranger = endpoint();
    assert_eq!(tx.webhook_endpoint_by_id(stranger.id).await.expect("read"), None);
    assert_eq!(tx.lock_webhook_endpoint(stranger.id).await.expect("lock"), None);
    assert!(!tx.update_webhook_endpoint(&stranger).await.expect("update"));
    (one.url, one.description, one.event_types) = ("https://b.example".to_owned(), String::new(), Vec::new());
    one.disabled = Some(Disabled { at: sample::at(9), reason: DisabledReason::Operator });
    (one.failing_since, one.updated_at) = (Some(sample::at(7)), sample::at(8));
    (two.disabled, two.failing_since) = (None, None);
    for changed in [&one, &two] {
        assert!(tx.update_webhook_endpoint(changed).await.expect("update"));
    }
    tx.commit().await.expect("commit");
    let mut tx = write(&store).await;
    assert_eq!(tx.webhook_endpoints().await.expect("list"), [two.clone(), one.clone()]);
    let event = event(EventType::PointsGranted, 0);
    assert_eq!(tx.insert_outgoing_events(std::slice::from_ref(&event)).await.expect("insert"), 1);
    assert_eq!(
        tx.claim_deliveries(sample::at(1), sample::at(2), &[(two.id, 1)]).await.expect("claim").len(),
        1
    );
    let done = attempted(key(&two, &event), 2, 1, AfterAttempt::Delivered);
    assert!(tx.finish_attempt(&done).await.expect("finish"));
    assert!(tx.delete_webhook_endpoint(two.id).await.expect("delete"));
    assert!(!tx.delete_webhook_endpoint(two.id).await.expect("delete"));
    assert_eq!(tx.delivery_by_key(key(&two, &event)).await.expect("read"), None);
    assert_eq!(tx.delivery_attempts(key(&two, &event), 9).await.expect("read"), []);
    let secrets = tx.live_endpoint_secrets(sample::at(0)).await.expect("list");
    assert!(secrets.iter().all(|secret| secret.endpoint_id == one.id));
    tx.commit().await.expect("commit");
}

/// The first failure is noted until a success; disabling happens once, and for failures only after they lasted.
pub async fn endpoints_fail_and_are_disabled(store: AnyStore) {
    let mut tx = write(&store).await;
    let mut one = an_endpoint(&mut *tx, &[]).await;
    let other = an_endpoint(&mut *tx, &[]).await;
    for second in [10, 20] {
        tx.webhook_endpoint_failed(one.id, sample::at(second)).await.expect("failed");
    }
    one.failing_since = Some(sample::at(10));
    assert_eq!(tx.webhook_endpoint_by_id(one.id).await.expect("read"), Some(one.clone()));
    tx.webhook_endpoint_succeeded(one.id).await.expect("succeeded");
    one.failing_since = None;
    assert_eq!(tx.webhook_endpoint_by_id(one.id).await.expect("read"), Some(one.clone()));

    let failing = Disabled { at: sample::at(99), reason: DisabledReason::Failing };
    let before = Some(sample::at(50));
    assert!(!tx.disable_webhook_endpoint(one.id, failing, before).await.expect("never failed"));
    tx.webhook_endpoint_failed(one.id, sample::at(51)).await.expect("failed");
    assert!(!tx.disable_webhook_endpoint(one.id, failing, before).await.expect("not for so long"));
    assert!(tx.disable_webhook_endpoint(one.id, failing, Some(sample::at(51))).await.expect("disables"));
    let gone = Disabled { at: sample::at(100), reason: DisabledReason::Gone };
    assert!(!tx.disable_webhook_endpoint(one.id, gone, None).await.expect("is disabled"));
    (one.disabled, one.failing_since) = (Some(failing), Some(sample::at(51)));
    assert_eq!(tx.webhook_endpoint_by_id(one.id).await.expect("read"), Some(one.clone()));
    assert!(!tx.disable_webhook_endpoint(endpoint().id, gone, None).await.expect("nobody's"));
    assert_eq!(tx.webhook_endpoint_by_id(other.id).await.expect("read"), Some(other.clone()));
    assert!(tx.disable_webhook_endpoint(other.id, gone, None).await.expect("never failed, but gone"));
    assert_eq!(tx.delivery_counts().await.expect("count").endpoints_disabled, 2);
    tx.commit().await.expect("commit");
}

/// All live ones are answered, newest first; a rotation shortens what lives longer and nothing else.
pub async fn secrets_overlap_while_they_rotate(store: AnyStore) {
    let mut tx = write(&store).await;
    let (one, other) = (an_endpoint(&mut *tx, &[]).await, an_endpoint(&mut *tx, &[]).await);
    let first = tx.live_endpoint_secrets(sample::at(0)).await.expect("list");
    assert_eq!(first.iter().map(|secret| secret.endpoint_id).collect::<Vec<_>>(), [other.id, one.id]);
    let second = secret(one.id);
    tx.rotate_endpoint_secret(&second, sample::at(100)).await.expect("rotate");
    let expiring = EndpointSecret { expires_at: Some(sample::at(100)), ..first[1].clone() };
    let live = tx.live_endpoint_secrets(sample::at(99)).await.expect("list");
    assert_eq!(live, [second.clone(), first[0].clone(), expiring.clone()]);
    let live = tx.live_endpoint_secrets(sample::at(100)).await.expect("list");
    assert_eq!(live, [second.clone(), first[0].clone()]);
    let third = secret(one.id);
    tx.rotate_endpoint_secret(&third, sample::at(150)).await.expect("rotate");
    let ending = EndpointSecret { expires_at: Some(sample::at(150)), ..second };
    let live = tx.live_endpoint_secrets(sample::at(0)).await.expect("list");
    assert_eq!(live, [third, ending, first[0].clone(), expiring]);
    let fourth = secret(one.id);
    tx.rotate_endpoint_secret(&fourth, sample::at(0)).await.expect("rotate");
    let live = tx.live_endpoint_secrets(sample::at(0)).await.expect("list");
    assert_eq!(live, [fourth, first[0].clone()]);
    tx.commit().await.expect("commit");
    let orphan = secret(endpoint().id);
    let outcome = write(&store).await.rotate_endpoint_secret(&orphan, sample::at(0)).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// A delivery for each enabled endpoint that wants the event; what nobody wants is not kept.
pub async fn events_go_to_those_who_want_them(store: AnyStore) {
    let mut tx = write(&store).await;
    let events = [
        event(EventType::PointsGranted, 1),
        event(EventType::PurchaseRecorded, 2),
        event(EventType::PointsReversed, 3),
    ];
    assert_eq!(tx.insert_outgoing_events(&events).await.expect("nobody listens"), 0);
    let all = an_endpoint(&mut *tx, &[]).await;
    let some = an_endpoint(&mut *tx, &[EventType::PurchaseRecorded, EventType::PointsRedeemed]).await;
    let mut off = endpoint();
    off.disabled = Some(Disabled { at: sample::at(0), reason: DisabledReason::Operator });
    tx.insert_webhook_endpoint(&off, &secret(off.id)).await.expect("insert");
    assert_eq!(tx.insert_outgoing_events(&[]).await.expect("nothing"), 0);
    // Not kept when nobody listened, so their ids are free.
    assert_eq!(tx.insert_outgoing_events(&events).await.expect("insert"), 4);
    let test = event(EventType::EndpointTest, 4);
    tx.insert_outgoing_event_for(&test, some.id).await.expect("insert");
    let page = PageRequest { limit: 9, before: None };
    let listed = async |tx: &mut dyn Tx, endpoint: &WebhookEndpoint| {
        tx.deliveries_of_endpoint(endpoint.id, page).await.expect("list").items
    };
    let expected: Vec<_> = events.iter().rev().map(|event| fresh(&all, event)).collect();
    assert_eq!(listed(&mut *tx, &all).await, expected);
    assert_eq!(listed(&mut *tx, &some).await, [fresh(&some, &test), fresh(&some, &events[1])]);
    assert_eq!(listed(&mut *tx, &off).await, []);
    tx.commit().await.expect("commit");
    let outcome = write(&store).await.insert_outgoing_event_for(&test, endpoint().id).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
    // What is rolled back was never told.
    let mut tx = write(&store).await;
    let lost = event(EventType::PointsGranted, 9);
    assert_eq!(tx.insert_outgoing_events(std::slice::from_ref(&lost)).await.expect("insert"), 1);
    drop(tx);
    assert_eq!(read(&store).await.delivery_by_key(key(&all, &lost)).await.expect("read"), None);
}

/// Of each endpoint up to its number, oldest first, when due, and again when a claim ran out.
pub async fn deliveries_are_claimed_fairly(store: AnyStore) {
    let mut tx = write(&store).await;
    let (busy, quiet) =
        (an_endpoint(&mut *tx, &[EventType::PointsGranted]).await, an_endpoint(&mut *tx, &[]).await);
    let events: Vec<_> = [3, 1, 2].map(|second| event(EventType::PointsGranted, second)).into();
    tx.insert_outgoing_events(&events).await.expect("insert");
    let late = event(EventType::PointsReversed, 50);
    tx.insert_outgoing_events(std::slice::from_ref(&late)).await.expect("insert");
    assert_eq!(tx.claim_deliveries(sample::at(99), sample::at(100), &[]).await.expect("no place"), []);
    let places = [(busy.id, 2), (quiet.id, 1), (endpoint().id, 5)];
    let nothing = tx.claim_deliveries(sample::at(0), sample::at(100), &places).await.expect("claim");
    assert_eq!(nothing, [], "nothing is due");
    let claimed = tx.claim_deliveries(sample::at(10), sample::at(100), &places).await.expect("claim");
    let expected = [fresh(&busy, &events[1]), fresh(&quiet, &events[1]), fresh(&busy, &events[2])];
    assert_eq!(claimed, expected);
    let claimed =
        tx.claim_deliveries(sample::at(60), sample::at(100), &[(quiet.id, 9)]).await.expect("claim");
    assert_eq!(claimed, [fresh(&quiet, &events[2]), fresh(&quiet, &events[0]), fresh(&quiet, &late)]);
    let again = tx.claim_deliveries(sample::at(100), sample::at(200), &[(busy.id, 9)]).await.expect("claim");
    assert_eq!(again, [fresh(&busy, &events[1]), fresh(&busy, &events[2]), fresh(&busy, &events[0])]);
    tx.commit().await.expect("commit");
}

/// Two claimers never get the same delivery, and together they get all.
pub async fn claims_of_deliveries_never_overlap(store: AnyStore) {
    let mut tx = write(&store).await;
    let (one, two) = (an_endpoint(&mut *tx, &[]).await, an_endpoint(&mut *tx, &[]).await);
    let events: Vec<_> = (0..40).map(|second| event(EventType::PointsGranted, second)).collect();
    assert_eq!(tx.insert_outgoing_events(&events).await.expect("insert"), 80);
    tx.commit().await.expect("commit");
    let claimed = at_once(8, |_| {
        let store = store.clone();
        let places = [(one.id, 2), (two.id, 1)];
        async move {
            let mut mine = Vec::new();
            loop {
                let mut tx = write(&store).await;
                let deliveries =
                    tx.claim_deliveries(sample::at(100), sample::at(900), &places).await.expect("claim");
                tokio::task::yield_now().await;
                tx.commit().await.expect("commit");
                if deliveries.is_empty() {
                    return mine;
                }
                mine.extend(deliveries.into_iter().map(|found| (found.endpoint_id, found.event.id)));
            }
        }
    })
    .await
    .concat();
    assert_eq!(claimed.len(), 80, "one was claimed twice or never");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 80);
}

/// Every outcome is written with its attempt, by whoever holds the claim and nobody else.
pub async fn attempts_are_written_down(store: AnyStore) {
    let mut tx = write(&store).await;
    let endpoint = an_endpoint(&mut *tx, &[]).await;
    let event = event(EventType::PointsGranted, 0);
    tx.insert_outgoing_events(std::slice::from_ref(&event)).await.expect("insert");
    let key = key(&endpoint, &event);
    let places = [(endpoint.id, 1)];
    let unclaimed = attempted(key, 10, 1, AfterAttempt::Delivered);
    assert!(!tx.finish_attempt(&unclaimed).await.expect("nobody claimed it"));
    assert_eq!(tx.claim_deliveries(sample::at(1), sample::at(10), &places).await.expect("claim").len(), 1);
    let retried = attempted(key, 10, 1, AfterAttempt::Retry { at: sample::at(20), pauses: 3 });
    assert!(
        !tx.finish_attempt(&Attempted { claimed_until: sample::at(11), ..retried.clone() })
            .await
            .expect("not its claim")
    );
    assert!(tx.finish_attempt(&retried).await.expect("finish"));
    assert!(!tx.finish_attempt(&retried).await.expect("the claim is over"));
    let mut expected = fresh(&endpoint, &event);
    (expected.attempts, expected.failures, expected.next_at) = (1, 3, sample::at(20));
    expected.last_fault = Some("time_out".to_owned());
    assert_eq!(tx.delivery_by_key(key).await.expect("read"), Some(expected.clone()));
    let counts = DeliveryCounts { waiting: 1, oldest: Some(sample::at(20)), endpoints_disabled: 0 };
    assert_eq!(tx.delivery_counts().await.expect("count"), counts);
    assert_eq!(tx.claim_deliveries(sample::at(19), sample::at(30), &places).await.expect("claim"), []);
    assert_eq!(
        tx.claim_deliveries(sample::at(20), sample::at(30), &places).await.expect("claim"),
        [expected.clone()]
    );
    let set_aside = Attempted { status: Some(500), ..attempted(key, 30, 20, AfterAttempt::SetAside) };
    assert!(tx.finish_attempt(&set_aside).await.expect("finish"));
    (expected.state, expected.attempts, expected.failures) = (DeliveryState::SetAside, 2, 4);
    expected.last_status = Some(500);
    assert_eq!(tx.delivery_by_key(key).await.expect("read"), Some(expected.clone()));
    assert_eq!(tx.delivery_counts().await.expect("count").waiting, 0);
    assert_eq!(tx.claim_deliveries(sample::at(99), sample::at(130), &places).await.expect("claim"), []);

    assert!(tx.resend_delivery(key, sample::at(40)).await.expect("resend"));
    assert_eq!(tx.claim_deliveries(sample::at(40), sample::at(50), &places).await.expect("claim").len(), 1);
    assert!(tx.finish_attempt(&attempted(key, 50, 41, AfterAttempt::Delivered)).await.expect("finish"));
    (expected.state, expected.attempts, expected.failures) = (DeliveryState::Delivered, 3, 0);
    (expected.next_at, expected.delivered_at) = (sample::at(40), Some(sample::at(41)));
    (expected.last_status, expected.last_fault) = (Some(204), None);
    assert_eq!(tx.delivery_by_key(key).await.expect("read"), Some(expected));
    let log = |number, at, status, fault: Option<&str>| DeliveryAttempt {
        number,
        at: sample::at(at),
        duration_ms: 12,
        status,
        fault: fault.map(str::to_owned),
    };
    let newest = [log(3, 41, Some(204), None), log(2, 20, Some(500), Some("time_out"))];
    assert_eq!(tx.delivery_attempts(key, 2).await.expect("read"), newest);
    assert_eq!(tx.delivery_attempts(key, 9).await.expect("read")[2], log(1, 1, None, Some("time_out")));
    tx.commit().await.expect("commit");
}

/// One, or all that were set aside; what is under way is not sent twice at once.
pub async fn deliveries_are_sent_again(store: AnyStore) {
    let mut tx = write(&store).await;
    let (endpoint, other) = (an_endpoint(&mut *tx, &[]).await, an_endpoint(&mut *tx, &[]).await);
    let events: Vec<_> = (0..3).map(|second| event(EventType::PointsGranted, second)).collect();
    tx.insert_outgoing_events(&events).await.expect("insert");
    let places = [(endpoint.id, 2), (other.id, 1)];
    for claimed in tx.claim_deliveries(sample::at(9), sample::at(20), &places).await.expect("claim") {
        let set_aside = attempted(claimed.key(), 20, 9, AfterAttempt::SetAside);
        assert!(tx.finish_attempt(&set_aside).await.expect("finish"));
    }
    assert_eq!(tx.resend_set_aside(endpoint.id, sample::at(30)).await.expect("resend"), 2);
    assert_eq!(tx.resend_set_aside(endpoint.id, sample::at(30)).await.expect("resend"), 0);
    let first = tx.delivery_by_key(key(&endpoint, &events[0])).await.expect("read").expect("is there");
    assert_eq!((first.state, first.failures, first.next_at), (DeliveryState::Pending, 0, sample::at(30)));
    let elsewhere = tx.delivery_by_key(key(&other, &events[0])).await.expect("read").expect("is there");
    assert_eq!(elsewhere.state, DeliveryState::SetAside);
    assert!(
        !tx.resend_delivery(
            DeliveryKey { endpoint_id: other.id, event_id: OutgoingEventId::new(Uuid::now_v7()) },
            sample::at(0)
        )
        .await
        .expect("nobody's")
    );
    assert_eq!(
        tx.claim_deliveries(sample::at(30), sample::at(60), &[(endpoint.id, 9)]).await.expect("claim").len(),
        3
    );
    assert!(tx.resend_delivery(key(&endpoint, &events[0]), sample::at(31)).await.expect("resend"));
    assert_eq!(
        tx.claim_deliveries(sample::at(59), sample::at(90), &[(endpoint.id, 9)]).await.expect("claim"),
        []
    );
    tx.commit().await.expect("commit");
}

/// Each delivery once, newest event first.
pub async fn deliveries_are_paged(store: AnyStore) {
    let mut tx = write(&store).await;
    let (endpoint, _) = (an_endpoint(&mut *tx, &[]).await, an_endpoint(&mut *tx, &[]).await);
    let events: Vec<_> = (0..5).map(|second| event(EventType::PointsGranted, second)).collect();
    tx.insert_outgoing_events(&events).await.expect("insert");
    tx.commit().await.expect("commit");
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: 2, before };
        let page = read(&store).await.deliveries_of_endpoint(endpoint.id, page).await.expect("list");
        seen.extend(page.items.into_iter().map(|delivery| delivery.event));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    seen.reverse();
    assert_eq!(seen, events);
}

/// A removal waits for those who are writing deliveries to the endpoint.
pub async fn an_endpoint_is_not_removed_below_a_delivery(store: AnyStore) {
    let mut tx = write(&store).await;
    let endpoint = an_endpoint(&mut *tx, &[]).await;
    tx.commit().await.expect("commit");
    let outcomes = at_once(8, |number| {
        let store = store.clone();
        async move {
            let mut tx = write(&store).await;
            if number == 4 {
                assert!(tx.delete_webhook_endpoint(endpoint.id).await.expect("delete"));
            } else {
                let event = event(EventType::PointsGranted, 0);
                tx.insert_outgoing_events(&[event]).await.expect("no constraint is in the way");
            }
            tx.commit().await
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(read(&store).await.delivery_counts().await.expect("count"), DeliveryCounts::default());
}
