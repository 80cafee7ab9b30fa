//! The audit trail (OBS-4).

use std::time::Duration;

use mainstay_model::audit::Actor;
use mainstay_services::{
    audit::{self, Fault, Verified},
    limits, retention,
};
use mainstay_store::AuditFilter;
use serde_json::json;

use crate::{
    both_engines,
    harness::{NodeOptions, TestApp},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Writes so many events.
async fn write(test: &TestApp, count: usize) {
    let mut tx = test.app.write().await.expect("opens");
    let events: Vec<_> = (0..count)
        .map(|n| audit::event(&test.app, &test.ctx(), "test.event", &Actor::System, n, json!({ "n": n })))
        .collect();
    tx.append_audit_events(&events).await.expect("appends");
    tx.commit().await.expect("commits");
}

async fn verify(test: &TestApp) -> Verified {
    audit::verify(&test.app, |_, _| {}).await.expect("the database is there")
}

/// Lifts the triggers, as somebody with the database's keys can, and runs a statement.
async fn tamper(test: &TestApp, statement: &str) {
    let drops: &[&str] = match test.database {
        crate::harness::Database::Sqlite(_) => &[
            "DROP TRIGGER IF EXISTS audit_events_append_only",
            "DROP TRIGGER IF EXISTS audit_events_keep",
            "DROP TRIGGER IF EXISTS audit_base_forward",
        ],
        crate::harness::Database::Postgres { .. } => {
            &["ALTER TABLE audit_events DISABLE TRIGGER ALL", "ALTER TABLE audit_base DISABLE TRIGGER ALL"]
        }
    };
    test.database.tamper(drops).await;
    test.database.tamper(&[statement]).await;
}

both_engines! {
    async fn obs_4_a_whole_chain_verifies(test: &TestApp) {
        assert_eq!(verify(test).await, Verified { events: 0, removed: 0, fault: None });
        // More than one page of verification.
        write(test, 1_500).await;
        write(test, 1).await;
        let mut heard = Vec::new();
        let verified =
            audit::verify(&test.app, |done, total| heard.push((done, total))).await.expect("reads");
        assert_eq!(verified, Verified { events: 1_501, removed: 0, fault: None });
        assert_eq!(heard, [(0, 1_501), (1_000, 1_501), (1_501, 1_501)]);
    }

    async fn obs_4_parallel_writers_make_one_chain(test: &TestApp) {
        futures::future::join_all((0..20).map(|_| write(test, 3))).await;
        assert_eq!(verify(test).await, Verified { events: 60, removed: 0, fault: None });
    }

    async fn t_op_12_a_changed_event_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "UPDATE audit_events SET actor = 'member:somebody-else' WHERE sequence = 3").await;
        assert_eq!(verify(test).await, Verified { events: 2, removed: 0, fault: Some((3, Fault::Changed)) });
    }

    async fn t_op_12_a_removed_event_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "DELETE FROM audit_events WHERE sequence = 3").await;
        assert_eq!(verify(test).await, Verified { events: 2, removed: 0, fault: Some((3, Fault::Missing)) });
    }

    async fn t_op_12_a_removed_end_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "DELETE FROM audit_events WHERE sequence >= 4").await;
        assert_eq!(verify(test).await, Verified { events: 3, removed: 0, fault: Some((4, Fault::Missing)) });
    }

    async fn t_op_12_exchanged_events_are_found(test: &TestApp) {
        write(test, 5).await;
        tamper(
            test,
            "UPDATE audit_events SET previous_hash = (SELECT hash FROM audit_events WHERE sequence = 1) \
             WHERE sequence = 3",
        )
        .await;
        assert_eq!(verify(test).await, Verified { events: 2, removed: 0, fault: Some((3, Fault::Untied)) });
    }

    async fn t_op_12_another_head_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "UPDATE audit_head SET hash = (SELECT hash FROM audit_events WHERE sequence = 1)").await;
        assert_eq!(verify(test).await, Verified { events: 5, removed: 0, fault: Some((5, Fault::HeadDiffers)) });
    }

    async fn obs_4_old_events_go_by_whole_days_and_the_rest_still_verifies(test: &TestApp) {
        let mut options = NodeOptions { seed: 2, ..NodeOptions::new() };
        options.settings.audit_kept = Some(DAY * 30);
        let node = test.node(options, &test.bus).await.expect("starts");
        // The mock clock stands at eight in the morning.
        write(test, 1_500).await;
        test.advance(DAY);
        write(test, 5).await;
        test.advance(DAY * 29 + Duration::from_secs(15 * 3600));
        let run = async || {
            retention::run_once(&node).await.expect("runs");
            test.advance(limits::RETENTION_INTERVAL);
        };
        run().await;
        assert_eq!(verify(test).await, Verified { events: 1_505, removed: 0, fault: None });
        test.advance(Duration::from_secs(3600));
        run().await;
        // Two batches, each with an event that tells of it.
        assert_eq!(verify(test).await, Verified { events: 5 + 2, removed: 1_500, fault: None });
        run().await;
        assert_eq!(verify(test).await.removed, 1_500, "once a day is enough");
        test.advance(DAY);
        run().await;
        assert_eq!(verify(test).await, Verified { events: 2 + 1, removed: 1_505, fault: None });
        // Where nothing is set, everything stays.
        test.advance(DAY * 1_000);
        retention::run_once(&test.app).await.expect("runs");
        assert_eq!(verify(test).await.removed, 1_505);
    }

    async fn t_op_12_a_beginning_that_was_cut_off_is_found(test: &TestApp) {
        write(test, 5).await;
        let base = "UPDATE audit_base SET sequence = 2, hash = (SELECT hash FROM audit_events WHERE sequence = 2)";
        tamper(test, base).await;
        tamper(test, "DELETE FROM audit_events WHERE sequence <= 2").await;
        assert_eq!(verify(test).await, Verified { events: 0, removed: 2, fault: Some((3, Fault::BaseUntold)) });
    }

    async fn t_op_12_more_than_was_told_is_found(test: &TestApp) {
        let mut options = NodeOptions { seed: 2, ..NodeOptions::new() };
        options.settings.audit_kept = Some(DAY * 30);
        let node = test.node(options, &test.bus).await.expect("starts");
        write(test, 3).await;
        test.advance(DAY * 31);
        write(test, 3).await;
        retention::run_once(&node).await.expect("runs");
        assert_eq!(verify(test).await, Verified { events: 4, removed: 3, fault: None });
        tamper(test, "UPDATE audit_base SET sequence = 5, hash = (SELECT hash FROM audit_events WHERE sequence = 5)").await;
        tamper(test, "DELETE FROM audit_events WHERE sequence <= 5").await;
        assert_eq!(verify(test).await.fault, Some((6, Fault::BaseUntold)));
    }

    async fn obs_4_operators_search_by_action_and_actor(test: &TestApp) {
        let caller = test.caller().await;
        write(test, 3).await;
        let find = async |filter| audit::list(&test.app, filter).await.expect("lists");
        let by_prefix =
            AuditFilter { action: Some("session.".to_owned()), limit: 10, ..AuditFilter::default() };
        assert_eq!(find(by_prefix).await.len(), 1);
        let actor = Some(caller.actor().to_text());
        let by_actor = AuditFilter { actor, limit: 10, ..AuditFilter::default() };
        assert_eq!(find(by_actor).await[0].action, "session.opened");
        let newest = find(AuditFilter { limit: 2, ..AuditFilter::default() }).await;
        assert_eq!(newest.iter().map(|event| event.sequence).collect::<Vec<_>>(), [4, 3]);
        let before_sequence = Some(newest[1].sequence);
        let next = find(AuditFilter { before_sequence, limit: 2, ..AuditFilter::default() }).await;
        assert_eq!(next.iter().map(|event| event.sequence).collect::<Vec<_>>(), [2, 1]);
    }
}
