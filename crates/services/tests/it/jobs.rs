//! Work after a commit.

use std::{sync::Arc, time::Duration};

use mainstay_model::Language;
use mainstay_services::{
    crypto::{Purpose, Sealer},
    jobs::{self, Work},
    limits,
    ports::{Mail, MailError},
};
use mainstay_store::SealedValue;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    both_engines,
    harness::{MailFate, TestApp, eventually},
};

fn mail(number: usize) -> Work {
    let to = format!("ada{number}@example.com").parse().expect("an address");
    Work::SendMail(Mail::new(&to, format!("Subject {number}"), "Text".to_owned(), Language::En))
}

async fn enqueue(test: &TestApp, work: &[Work]) {
    let mut tx = test.app.write().await.expect("opens");
    jobs::enqueue(&test.app, &mut *tx, work).await.expect("enqueues");
    tx.commit().await.expect("commits");
}

/// (waiting, set aside)
async fn counts(test: &TestApp) -> (i64, i64) {
    let (waiting, set_aside, _) = test.app.read().await.expect("opens").job_counts().await.expect("counts");
    (waiting, set_aside)
}

fn temporary() -> MailFate {
    MailFate::Fail(MailError::Temporary("421 try later".to_owned()))
}

both_engines! {
    async fn a_job_is_done_after_its_commit_and_once(test: &TestApp) {
        enqueue(test, &[mail(1), mail(2)]).await;
        assert_eq!(counts(test).await, (2, 0));
        assert_eq!(test.run_jobs().await, 2);
        assert_eq!(test.run_jobs().await, 0);
        assert_eq!(test.mailer.sent().len(), 2);
        assert_eq!(counts(test).await, (0, 0));
    }

    async fn a_job_of_a_rolled_back_transaction_is_never_done(test: &TestApp) {
        let mut tx = test.app.write().await.expect("opens");
        jobs::enqueue(&test.app, &mut *tx, &[mail(1)]).await.expect("enqueues");
        drop(tx);
        assert_eq!(test.run_jobs().await, 0);
    }

    async fn arguments_are_sealed_at_rest(test: &TestApp) {
        enqueue(test, &[mail(1)]).await;
        let mut tx = test.app.write().await.expect("opens");
        let later = test.now() + limits::JOB_CLAIM;
        let jobs = tx.claim_jobs(test.now(), later, 1).await.expect("claims");
        let payload = String::from_utf8_lossy(&jobs[0].sealed_payload).into_owned();
        assert!(!payload.contains("ada") && !payload.contains("Subject"));
    }

    async fn a_failed_job_is_tried_again_with_growing_pauses_and_then_set_aside(test: &TestApp) {
        enqueue(test, &[mail(1)]).await;
        let mut longest = limits::JOB_BACKOFF_BASE;
        for attempt in 1..=limits::JOB_ATTEMPTS_MAX {
            test.mailer.next(temporary());
            assert_eq!(test.run_jobs().await, 1, "try {attempt}");
            // Not before half of the longest pause, and not later than the whole.
            test.advance(longest / 2 - Duration::from_millis(1));
            assert_eq!(test.run_jobs().await, 0, "after try {attempt}");
            test.advance(longest / 2 + Duration::from_millis(1));
            longest = (longest * 2).min(limits::JOB_BACKOFF_MAX);
        }
        assert_eq!(counts(test).await, (0, 1));
        test.advance(limits::JOB_BACKOFF_MAX * 2);
        assert_eq!(test.run_jobs().await, 0);
        assert!(test.mailer.sent().is_empty());
    }

    async fn a_mail_that_is_refused_for_good_is_dropped(test: &TestApp) {
        enqueue(test, &[mail(1)]).await;
        test.mailer.next(MailFate::Fail(MailError::Permanent("550 no such mailbox".to_owned())));
        assert_eq!(test.run_jobs().await, 1);
        assert_eq!(counts(test).await, (0, 0));
    }

    async fn a_job_that_can_never_succeed_is_set_aside_at_once(test: &TestApp) {
        enqueue(test, &[mail(1)]).await;
        // Sealed with a key that is not here.
        let broken = Sealer::new([9; 32], &[]);
        let mut tx = test.app.write().await.expect("opens");
        let job = tx.claim_jobs(test.now(), test.now(), 1).await.expect("claims").remove(0);
        let sealed = broken.seal(&*test.app.ports.random, Purpose::Job, b"{}");
        let id = job.id.uuid();
        assert!(tx.reseal(SealedValue::Job, id, &job.sealed_payload, &sealed).await.expect("writes"));
        tx.commit().await.expect("commits");
        assert_eq!(test.run_jobs().await, 1);
        assert_eq!(counts(test).await, (0, 1));
    }

    async fn a_mail_that_is_of_no_use_any_more_is_not_sent(test: &TestApp) {
        let Work::SendMail(late) = mail(1) else { panic!("a mail") };
        let Work::SendMail(early) = mail(2) else { panic!("a mail") };
        let (late, early) = (late.until(test.now()), early.until(test.now() + Duration::from_secs(1)));
        enqueue(test, &[Work::SendMail(late), Work::SendMail(early)]).await;
        assert_eq!(test.run_jobs().await, 2);
        let subjects: Vec<_> = test.mailer.sent().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Subject 2"]);
        assert_eq!(counts(test).await, (0, 0));
    }

    async fn t_op_13_a_panic_in_one_job_harms_no_other(test: &TestApp) {
        enqueue(test, &[mail(1), mail(2), mail(3)]).await;
        test.mailer.next(MailFate::Panic);
        assert_eq!(test.run_jobs().await, 3);
        assert_eq!(test.mailer.sent().len(), 2);
        assert_eq!(counts(test).await, (1, 0));
        test.advance(limits::JOB_BACKOFF_BASE);
        assert_eq!(test.run_jobs().await, 1);
        assert_eq!(test.mailer.sent().len(), 3);
    }

    async fn parallel_workers_never_do_the_same_job(test: &TestApp) {
        let work: Vec<_> = (0..60).map(mail).collect();
        enqueue(test, &work).await;
        let other = test.second_node().await;
        let rounds = (0..8).map(|n| jobs::run_due(if n % 2 == 0 { &test.app } else { &other }));
        for tried in futures::future::join_all(rounds).await {
            tried.expect("the database is there");
        }
        test.run_jobs().await;
        let mut subjects: Vec<_> = test.mailer.sent().into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        subjects.dedup();
        assert_eq!((subjects.len(), test.mailer.sent().len()), (60, 60));
    }

    async fn a_job_whose_worker_died_is_done_after_its_claim(test: &TestApp) {
        enqueue(test, &[mail(1)]).await;
        test.mailer.next(MailFate::Hang);
        tokio::select! {
            _ = jobs::run_due(&test.app) => panic!("it hangs"),
            () = test.mailer.tried.notified() => {}
        }
        assert_eq!(test.run_jobs().await, 0);
        test.advance(limits::JOB_CLAIM);
        assert_eq!(test.run_jobs().await, 1);
        assert_eq!(test.mailer.sent().len(), 1);
    }

    async fn a_worker_wakes_at_a_hint(test: &TestApp) {
        let stop = CancellationToken::new();
        let worker = tokio::spawn(jobs::run_background(Arc::clone(&test.app), stop.clone()));
        eventually(async || test.bus.listeners() == 1).await;
        // By polls alone this would take five times as long.
        let six_mails = async {
            for number in 1..=6 {
                enqueue(test, &[mail(number)]).await;
                jobs::announce(&test.app).await;
                eventually(async || test.mailer.sent().len() == number).await;
            }
        };
        timeout(limits::JOB_POLL, six_mails).await.expect("does not wait for polls");
        stop.cancel();
        timeout(Duration::from_secs(1), worker).await.expect("ends within a second").expect("does not panic");
    }

    async fn a_worker_with_a_hanging_job_ends_within_a_second(test: &TestApp) {
        enqueue(test, &[mail(1)]).await;
        test.mailer.next(MailFate::Hang);
        let stop = CancellationToken::new();
        let worker = tokio::spawn(jobs::run_background(Arc::clone(&test.app), stop.clone()));
        test.mailer.tried.notified().await;
        stop.cancel();
        timeout(Duration::from_secs(1), worker).await.expect("ends within a second").expect("does not panic");
        test.advance(limits::JOB_CLAIM);
        assert_eq!(test.run_jobs().await, 1);
    }

    async fn t_op_13_a_worker_survives_panics_below_it(test: &TestApp) {
        test.store.panic_next(2);
        let stop = CancellationToken::new();
        let worker = tokio::spawn(jobs::run_background(Arc::clone(&test.app), stop.clone()));
        eventually(async || test.bus.listeners() == 1 && test.store.counts().1 > 0).await;
        eventually(async || test.store.panics_left() == 0).await;
        enqueue(test, &[mail(1)]).await;
        eventually(async || {
            jobs::announce(&test.app).await;
            test.mailer.sent().len() == 1
        })
        .await;
        stop.cancel();
        timeout(Duration::from_secs(1), worker).await.expect("ends within a second").expect("does not panic");
    }
}
