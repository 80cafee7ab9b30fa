//! Removing what has run out.

use std::{sync::Arc, time::Duration};

use mainstay_model::Language;
use mainstay_services::{
    jobs::{self, Work},
    limits,
    ports::Mail,
    retention, sessions,
};
use mainstay_store::ExpiredRows;
use tokio_util::sync::CancellationToken;

use crate::{both_engines, harness::TestApp};

async fn is_there(test: &TestApp, id: mainstay_model::SessionId) -> bool {
    test.app.read().await.expect("opens").session_by_id(id).await.expect("reads").is_some()
}

async fn spend(test: &TestApp, values: u8, life: Duration) {
    let mut tx = test.app.write().await.expect("opens");
    for value in 0..values {
        assert!(tx.spend_once(&[value; 32], test.now() + life).await.expect("spends"));
    }
    tx.commit().await.expect("commits");
}

both_engines! {
    async fn ses_6_what_ran_out_is_removed_and_what_lives_stays(test: &TestApp) {
        let (ended, live) = (test.member().await, test.member().await);
        let (ended, live) = (test.sign_in(&ended).await.session.id, test.sign_in(&live).await);
        sessions::logout(&test.app, &test.ctx(), ended).await.expect("signs out");
        spend(test, 3, Duration::from_secs(60)).await;
        test.advance(Duration::from_secs(61));
        let removed = retention::run_once(&test.app).await.expect("runs");
        assert_eq!(removed, ExpiredRows { spent: 3, ..ExpiredRows::default() });
        assert!(is_there(test, ended).await, "audits may still want to see it");

        test.advance(limits::ENDED_SESSION_KEPT);
        let removed = retention::run_once(&test.app).await.expect("runs");
        assert_eq!(removed.sessions, 1);
        assert!(!is_there(test, ended).await && is_there(test, live.session.id).await);

        test.advance(limits::SESSION_SLIDING_TTL + limits::ENDED_SESSION_KEPT);
        assert_eq!(retention::run_once(&test.app).await.expect("runs").sessions, 1);
        assert!(!is_there(test, live.session.id).await);
    }

    async fn jobs_that_were_set_aside_are_removed_in_the_end(test: &TestApp) {
        let to = "ada@example.com".parse().expect("an address");
        let mail = Mail::new(&to, "Subject".to_owned(), "Text".to_owned(), Language::En);
        let mut tx = test.app.write().await.expect("opens");
        let work = [Work::SendMail(mail.clone()), Work::SendMail(mail)];
        jobs::enqueue(&test.app, &mut *tx, &work).await.expect("enqueues");
        let claimed = tx.claim_jobs(test.now(), test.now(), 1).await.expect("claims");
        tx.fail_job(claimed[0].id, None, "refused").await.expect("fails");
        tx.commit().await.expect("commits");
        test.advance(limits::JOB_SET_ASIDE_KEPT);
        assert_eq!(retention::run_once(&test.app).await.expect("runs").jobs, 0);
        test.advance(limits::RETENTION_INTERVAL);
        assert_eq!(retention::run_once(&test.app).await.expect("runs").jobs, 1);
        let counts = test.app.read().await.expect("opens").job_counts().await.expect("counts");
        assert_eq!((counts.0, counts.1), (1, 0), "what waits stays");
    }

    async fn t_op_16_two_instances_run_it_once(test: &TestApp) {
        let other = test.second_node().await;
        spend(test, 5, Duration::from_secs(1)).await;
        test.advance(Duration::from_secs(2));
        let (one, two) = tokio::join!(retention::run_once(&test.app), retention::run_once(&other));
        let (one, two) = (one.expect("runs").total(), two.expect("runs").total());
        assert!((one, two) == (5, 0) || (one, two) == (0, 5), "{one} and {two}");
        // Until the interval has passed nobody runs again.
        let mut tx = test.app.write().await.expect("opens");
        assert!(tx.spend_once(&[99; 32], test.now()).await.expect("spends"));
        tx.commit().await.expect("commits");
        assert_eq!(retention::run_once(&other).await.expect("runs").total(), 0);
        test.advance(limits::RETENTION_INTERVAL);
        assert_eq!(retention::run_once(&other).await.expect("runs").total(), 1);
    }

    async fn the_loop_runs_at_start_and_ends_within_a_second(test: &TestApp) {
        spend(test, 1, Duration::ZERO).await;
        test.advance(Duration::from_secs(1));
        let stop = CancellationToken::new();
        let task = tokio::spawn(retention::run_background(Arc::clone(&test.app), stop.clone()));
        crate::harness::eventually(async || {
            let mut tx = test.app.write().await.expect("opens");
            // Spendable again once the old row is gone; rolled back.
            tx.spend_once(&[0; 32], test.now()).await.expect("spends")
        })
        .await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(1), task)
            .await
            .expect("ends within a second")
            .expect("no panic");
    }
}
