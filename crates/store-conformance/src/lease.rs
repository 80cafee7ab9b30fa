//! Turns that only one node takes at a time.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::{AnyStore, at_once, sample, write};

/// Free, one's own, another's, run out.
pub async fn is_taken_and_renewed(store: AnyStore) {
    for (holder, now, until, taken) in [
        ("a", 0, 10, true),
        ("b", 5, 15, false),
        ("a", 6, 20, true),
        ("b", 19, 30, false),
        ("b", 20, 30, true),
        ("a", 25, 40, false),
    ] {
        let mut tx = write(&store).await;
        let got = tx.take_lease("sweep", holder, sample::at(now), sample::at(until)).await.expect("take");
        assert_eq!(got, taken, "{holder} at {now}");
        assert!(
            tx.take_lease(&format!("own-{now}"), holder, sample::at(now), sample::at(until))
                .await
                .expect("take")
        );
        tx.commit().await.expect("commit");
    }
}

/// Of many at once, one holds it.
pub async fn is_taken_by_one_of_many(store: AnyStore) {
    let held = at_once(10, |number| {
        let store = store.clone();
        async move {
            let mut tx = write(&store).await;
            let holder = format!("node-{number}");
            let held = tx.take_lease("one", &holder, sample::at(0), sample::at(9)).await.expect("take");
            tx.commit().await.expect("commit");
            held
        }
    })
    .await;
    assert_eq!(held.iter().filter(|held| **held).count(), 1);
}

/// Between the lock and the end of the transaction nobody else with the same name is inside.
pub async fn a_name_locks_others_out(store: AnyStore) {
    let inside = Arc::new(AtomicU32::new(0));
    at_once(10, |number| {
        let (store, inside) = (store.clone(), Arc::clone(&inside));
        async move {
            let mut tx = write(&store).await;
            tx.lock_name("bootstrap").await.expect("lock");
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two inside at once");
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            inside.fetch_sub(1, Ordering::SeqCst);
            if number % 2 == 0 {
                tx.commit().await.expect("commit");
            }
        }
    })
    .await;
    let mut tx = write(&store).await;
    tx.lock_name("bootstrap").await.expect("lock");
    tx.lock_name("bootstrap").await.expect("one's own lock is no obstacle");
    tx.lock_name("another").await.expect("lock");
}
