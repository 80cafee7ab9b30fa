//! Workers: at once, killed in the middle, woken, and not held up.

use std::{collections::BTreeSet, sync::Arc};

use mainstay_model::outgoing::{DeliveryState, EventType};
use mainstay_services::{events, limits};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{MINUTE, an_event, deliver, delivery, emit, endpoint, granted};
use crate::{
    both_engines,
    harness::{SendFate, TestApp, eventually},
};

both_engines! {
    async fn whk_6_a_worker_that_dies_in_the_middle_leaves_its_delivery_to_the_next(test: &TestApp) {
        let (endpoint, _) = endpoint(test, "hooks.example.com", &[]).await;
        test.sender.next(SendFate::Hang);
        let event = granted(test, 1).await;
        let app = Arc::clone(&test.app);
        let worker = tokio::spawn(async move { events::deliver_due(&app).await });
        eventually(async || test.sender.sent().len() == 1).await;
        worker.abort();
        assert!(worker.await.expect_err("is dead").is_cancelled());
        test.advance(limits::DELIVERY_CLAIM - MINUTE / 60);
        assert_eq!(deliver(test).await, 0, "it may be alive");
        test.advance(MINUTE / 60);
        assert_eq!(deliver(test).await, 1);
        let sent = test.sender.sent();
        assert_eq!((&sent[0].id, &sent[0].body), (&sent[1].id, &sent[1].body));
        let delivery = delivery(test, endpoint.id, event.id).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
    }

    async fn whk_6_two_workers_never_send_the_same_at_once(test: &TestApp) {
        endpoint(test, "one.example.com", &[]).await;
        endpoint(test, "two.example.com", &[]).await;
        let events: Vec<_> = (0..30).map(|points| an_event(test, EventType::PointsGranted, points)).collect();
        emit(test, &events).await;
        let other = test.second_node().await;
        let work = async |app| while events::deliver_due(app).await.expect("delivers") > 0 {};
        tokio::join!(work(&test.app), work(&other), work(&test.app), work(&other));
        let sent = test.sender.sent();
        assert_eq!(sent.len(), 60);
        let told: BTreeSet<_> = sent.iter().map(|event| (event.url.to_string(), event.id.clone())).collect();
        assert_eq!(told.len(), 60);
    }

    async fn whk_6_an_endpoint_that_does_not_answer_holds_nobody_else_up(test: &TestApp) {
        endpoint(test, "frozen.example.com", &[]).await;
        endpoint(test, "quick.example.com", &[]).await;
        test.sender.freeze("frozen.example.com");
        let stop = CancellationToken::new();
        let task = tokio::spawn(events::run_background(Arc::clone(&test.app), stop.clone()));
        let many = 3 * limits::DELIVERIES_PER_ENDPOINT as usize;
        let events: Vec<_> = (0..many).map(|_| an_event(test, EventType::PointsGranted, 1)).collect();
        emit(test, &events).await;
        eventually(async || test.sender.sent_to("quick.example.com") == many).await;
        assert!(test.sender.sent_to("frozen.example.com") <= limits::DELIVERIES_PER_ENDPOINT as usize);
        stop.cancel();
        timeout(MINUTE / 60, task).await.expect("ends within a second").expect("no panic");
    }

    async fn the_loop_is_woken_by_a_commit_and_ends_within_a_second(test: &TestApp) {
        endpoint(test, "hooks.example.com", &[]).await;
        let stop = CancellationToken::new();
        let task = tokio::spawn(events::run_background(Arc::clone(&test.app), stop.clone()));
        eventually(async || test.bus.listeners() > 0).await;
        // The first look, which needs no hint, is over when this one is delivered.
        granted(test, 1).await;
        eventually(async || test.sender.sent().len() == 1).await;
        let begun = std::time::Instant::now();
        granted(test, 2).await;
        eventually(async || test.sender.sent().len() == 2).await;
        assert!(begun.elapsed() < limits::DELIVERY_POLL, "it was the poll that found it");
        stop.cancel();
        timeout(MINUTE / 60, task).await.expect("ends within a second").expect("no panic");
    }
}
