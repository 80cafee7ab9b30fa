//! The inbox of purchase webhooks.

use std::collections::BTreeSet;

use mainstay_model::{
    InboxEventId,
    inbox::{InboxEvent, InboxProgress, InboxState},
};
use mainstay_store::{InboxFilter, InboxSettled, Recorded, Tx};
use uuid::Uuid;

use crate::{AnyStore, at_once, read, sample, write};

async fn record(store: &AnyStore, events: &[InboxEvent]) -> Vec<Recorded> {
    let mut tx = write(store).await;
    let recorded = tx.record_inbox_events(events).await.expect("record");
    tx.commit().await.expect("commit");
    recorded
}

fn failed(event: &InboxEvent, next: i64) -> InboxSettled {
    let progress = InboxProgress {
        state: InboxState::Failed,
        attempts: 2,
        next_at: Some(sample::at(next)),
        last_error: Some("unreadable".to_owned()),
        updated_at: sample::at(5),
    };
    InboxSettled { id: event.head.id, progress }
}

/// Whatever comes again changes nothing; every field is kept, also those that may be empty, and bytes that are no text.
pub async fn is_recorded_once(store: AnyStore) {
    assert_eq!(record(&store, &[]).await, []);
    let mut full = sample::inbox_event("square", "a");
    full.head.late_s = Some(10_800);
    full.body = vec![0, 159, 146, 150];
    (full.head.progress.state, full.head.progress.next_at) = (InboxState::Failed, Some(sample::at(9)));
    full.head.progress.last_error = Some("it's \u{1F4A5}".to_owned());
    let mut bare = sample::inbox_event("square", "b");
    bare.head.occurred_at = None;
    assert_eq!(record(&store, &[full.clone(), bare.clone()]).await, [Recorded::New, Recorded::New]);
    let mut again = full.clone();
    again.head.id = sample::inbox_event("x", "x").head.id;
    again.head.kind = "other".to_owned();
    let third = sample::inbox_event("square", "c");
    let recorded = record(&store, &[again, third.clone(), third.clone()]).await;
    assert_eq!(recorded, [Recorded::Duplicate, Recorded::New, Recorded::Duplicate]);
    let mut tx = read(&store).await;
    for event in [full, bare, third] {
        let found = tx.inbox_event_by_id(event.head.id).await.expect("read");
        assert_eq!(found, Some(event));
    }
    assert_eq!(tx.inbox_event_by_id(InboxEventId::new(Uuid::now_v7())).await.expect("read"), None);
}

/// The same name with other content is told, in one batch and in two, and leaves what was there.
pub async fn a_changed_body_is_a_conflict(store: AnyStore) {
    let event = sample::inbox_event("square", "a");
    let mut changed = sample::inbox_event("square", "a");
    (changed.body, changed.fingerprint) = (b"other".to_vec(), sample::fresh_hash());
    let recorded = record(&store, &[event.clone(), changed.clone(), event.clone()]).await;
    assert_eq!(recorded, [Recorded::New, Recorded::Conflict, Recorded::Duplicate]);
    let fresh = sample::inbox_event("square", "0");
    let recorded = record(&store, &[changed.clone(), event.clone(), fresh, changed]).await;
    let expected = [Recorded::Conflict, Recorded::Duplicate, Recorded::New, Recorded::Conflict];
    assert_eq!(recorded, expected);
    assert_eq!(read(&store).await.inbox_event_by_id(event.head.id).await.expect("read"), Some(event));
}

/// Two sources may call their events the same; letters are told apart by their case.
pub async fn names_belong_to_their_source(store: AnyStore) {
    let events = [("one", "a"), ("two", "a"), ("one", "A")].map(|(s, e)| sample::inbox_event(s, e));
    assert_eq!(record(&store, &events).await, [Recorded::New; 3]);
    assert_eq!(record(&store, &events).await, [Recorded::Duplicate; 3]);
}

/// Batches that overlap and come in any order neither wait for one another for ever nor record anything twice.
pub async fn many_at_once_record_each_event_once(store: AnyStore) {
    let outcomes = at_once(8, |number| {
        let store = store.clone();
        async move {
            let mut recorded = Vec::new();
            for round in 0..5 {
                let mut events: Vec<_> =
                    (0..20).map(|n| sample::inbox_event("square", &format!("{round}-{n}"))).collect();
                if number % 2 == 0 {
                    events.reverse();
                }
                recorded.extend(record(&store, &events).await);
            }
            recorded
        }
    })
    .await
    .concat();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Recorded::New).count(), 100);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Recorded::Duplicate).count(), 700);
}

/// A failed event is due at its time, oldest first and up to a limit, until it is done or set aside.
pub async fn is_settled_and_due(store: AnyStore) {
    let events: Vec<_> = (0..4).map(|n| sample::inbox_event("square", &n.to_string())).collect();
    record(&store, &events).await;
    let mut tx = write(&store).await;
    assert_eq!(tx.inbox_counts().await.expect("count"), (0, 0));
    tx.settle_inbox_events(&[]).await.expect("settle");
    let settled = [failed(&events[0], 30), failed(&events[1], 10), failed(&events[2], 20)];
    tx.settle_inbox_events(&settled).await.expect("settle");
    assert_eq!(tx.inbox_counts().await.expect("count"), (3, 0));
    assert_eq!(tx.lock_due_inbox_events(sample::at(9), 9).await.expect("due"), []);
    let ids = |events: &[InboxEvent]| events.iter().map(|event| event.head.id).collect::<Vec<_>>();
    let due = tx.lock_due_inbox_events(sample::at(20), 9).await.expect("due");
    assert_eq!(ids(&due), [events[1].head.id, events[2].head.id]);
    let mut first = events[1].clone();
    first.head.progress = settled[1].progress.clone();
    assert_eq!(due[0], first);
    let due = tx.lock_due_inbox_events(sample::at(99), 1).await.expect("due");
    assert_eq!(ids(&due), [events[1].head.id]);

    let mut aside = failed(&events[1], 0);
    (aside.progress.state, aside.progress.next_at) = (InboxState::SetAside, None);
    let mut done = failed(&events[2], 0);
    (done.progress.state, done.progress.next_at, done.progress.last_error) = (InboxState::Done, None, None);
    tx.settle_inbox_events(&[aside, done.clone()]).await.expect("settle");
    assert_eq!(tx.inbox_counts().await.expect("count"), (1, 1));
    let due = tx.lock_due_inbox_events(sample::at(99), 9).await.expect("due");
    assert_eq!(ids(&due), [events[0].head.id]);
    let locked = tx.lock_inbox_event(done.id).await.expect("lock").expect("is there");
    assert_eq!(locked.head.progress, done.progress);
    assert_eq!(tx.lock_inbox_event(InboxEventId::new(Uuid::now_v7())).await.expect("lock"), None);
    tx.commit().await.expect("commit");
}

/// Whoever looks for due events at the same time gets others.
pub async fn due_events_are_for_one_at_a_time(store: AnyStore) {
    let mut events: Vec<_> = (0..40).map(|n| sample::inbox_event("square", &n.to_string())).collect();
    for event in &mut events {
        event.head.progress = failed(event, 1).progress;
    }
    record(&store, &events).await;
    let handled = at_once(6, |_| {
        let store = store.clone();
        async move {
            let mut mine = Vec::new();
            loop {
                let mut tx = write(&store).await;
                let due = tx.lock_due_inbox_events(sample::at(9), 3).await.expect("due");
                let settled: Vec<_> = due.iter().map(done).collect();
                tokio::task::yield_now().await;
                tx.settle_inbox_events(&settled).await.expect("settle");
                tx.commit().await.expect("commit");
                if due.is_empty() {
                    return mine;
                }
                mine.extend(due.into_iter().map(|event| event.head.id));
            }
        }
    })
    .await
    .concat();
    assert!(handled.len() <= events.len(), "one was handled twice");
    assert_eq!(handled.into_iter().collect::<BTreeSet<_>>().len(), events.len());
}

fn done(event: &InboxEvent) -> InboxSettled {
    let progress = InboxProgress {
        state: InboxState::Done,
        attempts: event.head.progress.attempts + 1,
        next_at: None,
        last_error: None,
        updated_at: sample::at(9),
    };
    InboxSettled { id: event.head.id, progress }
}

/// By source and state, page by page.
pub async fn is_listed_newest_first(store: AnyStore) {
    let mut events = Vec::new();
    for number in 0..6 {
        let source = if number % 2 == 0 { "one" } else { "two" };
        let mut event = sample::inbox_event(source, &number.to_string());
        if number > 2 {
            event.head.progress.state = InboxState::Ignored;
        }
        events.insert(0, event);
    }
    record(&store, &events).await;
    let heads = |keep: &dyn Fn(&InboxEvent) -> bool| {
        events.iter().filter(|event| keep(event)).map(|event| event.head.clone()).collect::<Vec<_>>()
    };
    async fn list(tx: &mut dyn Tx, filter: InboxFilter) -> Vec<mainstay_model::inbox::InboxHead> {
        tx.inbox_heads(&filter).await.expect("list")
    }
    let mut tx = read(&store).await;
    let all = InboxFilter { limit: 9, ..InboxFilter::default() };
    assert_eq!(list(&mut *tx, all.clone()).await, heads(&|_| true));
    let one = InboxFilter { source: Some("one".to_owned()), ..all.clone() };
    assert_eq!(list(&mut *tx, one.clone()).await, heads(&|event| event.head.source == "one"));
    let both = InboxFilter { state: Some(InboxState::Ignored), ..one };
    let is_both =
        |event: &InboxEvent| event.head.source == "one" && event.head.progress.state == InboxState::Ignored;
    assert_eq!(list(&mut *tx, both).await, heads(&is_both));
    let page = InboxFilter { before: Some(events[1].head.id), limit: 2, ..all.clone() };
    assert_eq!(list(&mut *tx, page).await, [events[2].head.clone(), events[3].head.clone()]);
    let nobody = InboxFilter { source: Some("it's".to_owned()), state: Some(InboxState::Failed), ..all };
    assert_eq!(list(&mut *tx, nobody).await, []);
}
