//! The audit trail (OBS-4).

use mainstay_model::audit::Actor;
use mainstay_services::audit::{self, Fault, Verified};
use mainstay_store::AuditFilter;
use serde_json::json;

use crate::{both_engines, harness::TestApp};

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
    let drops = match test.database {
        crate::harness::Database::Sqlite(_) => {
            ["DROP TRIGGER audit_events_append_only", "DROP TRIGGER audit_events_keep"]
        }
        crate::harness::Database::Postgres { .. } => {
            ["ALTER TABLE audit_events DISABLE TRIGGER ALL", "ALTER TABLE audit_head DISABLE TRIGGER ALL"]
        }
    };
    test.database.tamper(&drops).await;
    test.database.tamper(&[statement]).await;
}

both_engines! {
    async fn obs_4_a_whole_chain_verifies(test: &TestApp) {
        assert_eq!(verify(test).await, Verified { events: 0, fault: None });
        // More than one page of verification.
        write(test, 1_500).await;
        write(test, 1).await;
        let mut heard = Vec::new();
        let verified =
            audit::verify(&test.app, |done, total| heard.push((done, total))).await.expect("reads");
        assert_eq!(verified, Verified { events: 1_501, fault: None });
        assert_eq!(heard, [(0, 1_501), (1_000, 1_501), (1_501, 1_501)]);
    }

    async fn obs_4_parallel_writers_make_one_chain(test: &TestApp) {
        futures::future::join_all((0..20).map(|_| write(test, 3))).await;
        assert_eq!(verify(test).await, Verified { events: 60, fault: None });
    }

    async fn t_op_12_a_changed_event_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "UPDATE audit_events SET actor = 'member:somebody-else' WHERE sequence = 3").await;
        assert_eq!(verify(test).await, Verified { events: 2, fault: Some((3, Fault::Changed)) });
    }

    async fn t_op_12_a_removed_event_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "DELETE FROM audit_events WHERE sequence = 3").await;
        assert_eq!(verify(test).await, Verified { events: 2, fault: Some((3, Fault::Missing)) });
    }

    async fn t_op_12_a_removed_end_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "DELETE FROM audit_events WHERE sequence >= 4").await;
        assert_eq!(verify(test).await, Verified { events: 3, fault: Some((4, Fault::Missing)) });
    }

    async fn t_op_12_exchanged_events_are_found(test: &TestApp) {
        write(test, 5).await;
        tamper(
            test,
            "UPDATE audit_events SET previous_hash = (SELECT hash FROM audit_events WHERE sequence = 1) \
             WHERE sequence = 3",
        )
        .await;
        assert_eq!(verify(test).await, Verified { events: 2, fault: Some((3, Fault::Untied)) });
    }

    async fn t_op_12_another_head_is_found(test: &TestApp) {
        write(test, 5).await;
        tamper(test, "UPDATE audit_head SET hash = (SELECT hash FROM audit_events WHERE sequence = 1)").await;
        assert_eq!(verify(test).await, Verified { events: 5, fault: Some((5, Fault::HeadDiffers)) });
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
