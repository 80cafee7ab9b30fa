//! The audit trail.

use mainstay_model::audit::{AuditEvent, GENESIS, NewAuditEvent};
use mainstay_store::{AuditFilter, Error};
use sha2::{Digest, Sha256};

use crate::{AnyStore, at_once, read, sample, write};

/// Reads the whole trail and checks each link.
pub async fn verify(store: &AnyStore) -> Vec<AuditEvent> {
    let mut tx = read(store).await;
    let trail = tx.audit_chain(0, 10_000).await.expect("chain");
    let (mut sequence, mut hash) = (0, GENESIS);
    for event in &trail {
        assert_eq!(event.sequence, sequence + 1, "a gap");
        assert_eq!(event.previous_hash, hash, "a broken link at {}", event.sequence);
        assert_eq!(event.hash, <[u8; 32]>::from(Sha256::digest(event.hashed_bytes())), "a changed event");
        (sequence, hash) = (event.sequence, event.hash);
    }
    assert_eq!(tx.audit_head().await.expect("head"), (sequence, hash));
    trail
}

async fn append(store: &AnyStore, events: &[NewAuditEvent]) {
    let mut tx = write(store).await;
    tx.append_audit_events(events).await.expect("append");
    tx.commit().await.expect("commit");
}

/// From the beginning, in order, byte for byte.
pub async fn appends_one_chain(store: AnyStore) {
    assert_eq!(verify(&store).await, []);
    append(&store, &[]).await;
    append(&store, &[sample::event("session.created", 1), sample::event("session.revoked", 2)]).await;
    append(&store, &[sample::event("key.rotated", 3)]).await;
    let trail = verify(&store).await;
    assert_eq!(
        trail.iter().map(|e| e.action.as_str()).collect::<Vec<_>>(),
        ["session.created", "session.revoked", "key.rotated"]
    );
    assert_eq!(trail[2].detail, sample::event("", 0).detail.to_string());
    let event = sample::event("twice", 4);
    let outcome = write(&store).await.append_audit_events(&[event.clone(), event]).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// Each condition, newest first, up to a limit.
pub async fn filters_and_orders(store: AnyStore) {
    let mut events: Vec<_> = ["session.created", "session.revoked", "sessions", "session", "key.made"]
        .into_iter()
        .zip(1..)
        .map(|(action, second)| sample::event(action, second))
        .collect();
    events[1].actor = "member:1".to_owned();
    events[2].subject = "key:b".to_owned();
    append(&store, &events).await;
    let all = AuditFilter { limit: 100, ..AuditFilter::default() };
    let action = |text: &str| AuditFilter { action: Some(text.to_owned()), ..all.clone() };
    for (filter, expected) in [
        (all.clone(), vec![5, 4, 3, 2, 1]),
        (AuditFilter { limit: 2, ..all.clone() }, vec![5, 4]),
        (action("session"), vec![4]),
        (action("session."), vec![2, 1]),
        (action("se%."), vec![]),
        (action("."), vec![]),
        (AuditFilter { actor: Some("member:1".to_owned()), ..all.clone() }, vec![2]),
        (AuditFilter { subject: Some("key:b".to_owned()), ..all.clone() }, vec![3]),
        (AuditFilter { since: Some(sample::at(4)), ..all.clone() }, vec![5, 4]),
        (AuditFilter { until: Some(sample::at(2)), ..all.clone() }, vec![1]),
        (AuditFilter { before_sequence: Some(3), ..all.clone() }, vec![2, 1]),
        (
            AuditFilter {
                action: Some("session.".to_owned()),
                actor: Some("system".to_owned()),
                subject: Some("key:a".to_owned()),
                since: Some(sample::at(1)),
                until: Some(sample::at(9)),
                before_sequence: Some(5),
                limit: 5,
            },
            vec![1],
        ),
    ] {
        let found = read(&store).await.audit_events(&filter).await.expect("list");
        assert_eq!(found.iter().map(|e| e.sequence).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

/// The base moves forward to an event that is there, and nowhere else; the rest of the chain stays as it was.
pub async fn begins_after_what_was_removed(store: AnyStore) {
    append(&store, &[1, 2, 3, 4].map(|second| sample::event("step", second))).await;
    let trail = verify(&store).await;
    assert_eq!(read(&store).await.audit_base().await.expect("base"), (0, GENESIS));
    let at = |number: usize| (trail[number].sequence, trail[number].hash);
    for wrong in [(2, [7; 32]), (9, trail[3].hash), (0, GENESIS)] {
        let outcome = write(&store).await.remove_audit_events(wrong).await;
        assert!(outcome.is_err(), "{wrong:?}: {outcome:?}");
    }
    let mut tx = write(&store).await;
    assert_eq!(tx.remove_audit_events(at(1)).await.expect("remove"), 2);
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    assert_eq!(tx.audit_base().await.expect("base"), at(1));
    assert_eq!(tx.audit_chain(0, 10).await.expect("chain"), trail[2..]);
    assert_eq!(tx.audit_head().await.expect("head"), at(3));
    drop(tx);
    let outcome = write(&store).await.remove_audit_events(at(0)).await;
    assert!(outcome.is_err(), "backwards: {outcome:?}");
    append(&store, &[sample::event("next", 5)]).await;
    let next = read(&store).await.audit_chain(4, 1).await.expect("chain");
    assert_eq!((next[0].sequence, next[0].previous_hash), (5, trail[3].hash));
}

/// From anywhere, in steps.
pub async fn pages_the_chain(store: AnyStore) {
    let events: Vec<_> = (0..25).map(|second| sample::event("step", second)).collect();
    append(&store, &events).await;
    let mut seen = Vec::new();
    loop {
        let page = read(&store).await.audit_chain(seen.len() as i64, 10).await.expect("chain");
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, verify(&store).await);
    assert_eq!(
        seen.iter().map(|e| e.id).collect::<Vec<_>>(),
        events.iter().map(|e| e.id).collect::<Vec<_>>()
    );
}

/// Writers from everywhere make one chain.
pub async fn many_at_once_leave_no_gap(store: AnyStore) {
    at_once(16, |number| {
        let store = store.clone();
        async move {
            for round in 0..4 {
                let mut tx = write(&store).await;
                let events = vec![sample::event("parallel", round); 1 + number % 3];
                let events: Vec<_> = events
                    .into_iter()
                    .map(|event| NewAuditEvent { id: sample::event("parallel", round).id, ..event })
                    .collect();
                tx.append_audit_events(&events).await.expect("append");
                if !(number + round as usize).is_multiple_of(4) {
                    tx.commit().await.expect("commit");
                }
            }
        }
    })
    .await;
    let expected: usize = (0..16_usize)
        .map(|n| (0..4_usize).filter(|round| !(n + round).is_multiple_of(4)).count() * (1 + n % 3))
        .sum();
    assert_eq!(verify(&store).await.len(), expected);
}

/// What is undone has no number.
pub async fn a_rollback_leaves_no_gap(store: AnyStore) {
    append(&store, &[sample::event("first", 1)]).await;
    let mut tx = write(&store).await;
    tx.append_audit_events(&[sample::event("undone", 2)]).await.expect("append");
    drop(tx);
    append(&store, &[sample::event("second", 3)]).await;
    let trail = verify(&store).await;
    assert_eq!(trail.iter().map(|e| e.action.as_str()).collect::<Vec<_>>(), ["first", "second"]);
}
