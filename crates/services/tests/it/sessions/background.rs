//! What nodes do beside requests: hints, the key ring, last-seen times.

use std::{sync::Arc, time::Duration};

use mainstay_model::{Timestamp, audit::Actor};
use mainstay_services::{
    App, members,
    ports::{Bus, Signal},
    sessions::{self, SignedIn, keys},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{log_out, session};
use crate::{
    both_engines,
    harness::{LocalBus, NodeOptions, TestApp, eventually},
};

/// Background work of a node that listens already.
async fn start(app: &Arc<App>, bus: &LocalBus) -> (JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    let listeners = bus.listeners();
    let task = tokio::spawn(sessions::run_background(Arc::clone(app), stop.clone()));
    eventually(async || bus.listeners() > listeners).await;
    (task, stop)
}

async fn end((task, stop): (JoinHandle<()>, CancellationToken)) {
    stop.cancel();
    timeout(Duration::from_secs(1), task).await.expect("ends within a second").expect("does not panic");
}

both_engines! {
    async fn ses_5_other_nodes_forget_at_a_hint(test: &TestApp) {
        let other = test.second_node().await;
        let background = start(&other, &test.bus).await;
        let (left, banned) = (session(test).await, session(test).await);
        for token in [&left.access_token, &banned.access_token] {
            sessions::authenticate(&other, token).await.expect("is live");
        }
        // The clock stands still, so only the hints can have worked.
        log_out(test, &test.ctx(), &left).await;
        eventually(async || sessions::authenticate(&other, &left.access_token).await.is_err()).await;
        members::ban(&test.app, &test.ctx(), &Actor::System, banned.member.id, true)
            .await
            .expect("is banned");
        eventually(async || sessions::authenticate(&other, &banned.access_token).await.is_err()).await;
        end(background).await;
    }

    async fn ses_5_lost_hints_make_everything_stale(test: &TestApp) {
        let narrow = Arc::new(LocalBus::new(1));
        let other = test.node(NodeOptions { seed: 2, ..NodeOptions::new() }, &narrow).await.expect("starts");
        let background = start(&other, &narrow).await;
        let signed_in = session(test).await;
        sessions::authenticate(&other, &signed_in.access_token).await.expect("is live");
        log_out(test, &test.ctx(), &signed_in).await;
        narrow.publish(Signal::Lagged).await;
        eventually(async || sessions::authenticate(&other, &signed_in.access_token).await.is_err()).await;
        end(background).await;
    }

    async fn ses_3_other_nodes_read_the_ring_at_a_hint(test: &TestApp) {
        let other = test.second_node().await;
        let background = start(&other, &test.bus).await;
        let new = keys::rotate(&test.app, &test.ctx(), &Actor::System, false).await.expect("rotates").kid;
        eventually(async || keys::jwks(&other).to_string().contains(&new)).await;
        end(background).await;
    }

    async fn t_op_13_a_panic_in_the_loop_is_contained(test: &TestApp) {
        let background = start(&test.app, &test.bus).await;
        let (key, signed_in) = (keys::state(&test.app), session(test).await);
        test.store.panic_next(1);
        test.bus.publish(Signal::KeyRingChanged).await;
        eventually(async || test.bus.waiting() == 0).await;
        test.advance(Duration::from_secs(1));
        test.bus.publish(Signal::KeyRingChanged).await;
        eventually(async || keys::state(&test.app).loaded_at > key.loaded_at).await;
        test.authenticate(&signed_in.access_token).await.expect("is live");
        end(background).await;
    }

    async fn last_seen_times_are_written_at_the_end(test: &TestApp) {
        let background = start(&test.app, &test.bus).await;
        let signed_in = session(test).await;
        test.advance(Duration::from_secs(100));
        test.authenticate(&signed_in.access_token).await.expect("is live");
        assert_eq!(seen_at(test, &signed_in).await, signed_in.session.created_at);
        end(background).await;
        assert_eq!(seen_at(test, &signed_in).await, test.now());
    }

    async fn last_seen_times_outlive_a_lost_database(test: &TestApp) {
        let background = start(&test.app, &test.bus).await;
        let signed_in = session(test).await;
        test.advance(Duration::from_secs(100));
        test.authenticate(&signed_in.access_token).await.expect("is live");
        test.store.set_down(true);
        end(background).await;
        test.store.set_down(false);
        end(start(&test.app, &test.bus).await).await;
        assert_eq!(seen_at(test, &signed_in).await, test.now());
    }
}

async fn seen_at(test: &TestApp, signed_in: &SignedIn) -> Timestamp {
    let mut tx = test.app.read().await.expect("opens");
    tx.session_by_id(signed_in.session.id).await.expect("reads").expect("is there").last_seen_at
}
