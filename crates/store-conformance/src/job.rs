//! Jobs.

use std::collections::BTreeSet;

use mainstay_model::{JobId, job::JobKind};
use uuid::Uuid;

use crate::{AnyStore, at_once, read, sample, write};

/// Due ones, oldest first, up to a limit; again once a claim has run out.
pub async fn is_claimed_when_due(store: AnyStore) {
    let mut jobs: Vec<_> = [30, 10, 20, 1_000].into_iter().map(sample::job).collect();
    jobs[2].kind = JobKind::RevokeProviderToken;
    jobs[2].sealed_payload = Vec::new();
    let mut tx = write(&store).await;
    tx.insert_jobs(&jobs).await.expect("insert");
    assert_eq!(tx.claim_jobs(sample::at(9), sample::at(99), 10).await.expect("claim"), []);
    let claimed = tx.claim_jobs(sample::at(100), sample::at(200), 2).await.expect("claim");
    assert_eq!(claimed, [jobs[1].clone(), jobs[2].clone()]);
    let claimed = tx.claim_jobs(sample::at(100), sample::at(300), 2).await.expect("claim");
    assert_eq!(claimed, [jobs[0].clone()]);
    assert_eq!(tx.claim_jobs(sample::at(199), sample::at(400), 2).await.expect("claim"), []);
    let again = tx.claim_jobs(sample::at(200), sample::at(400), 9).await.expect("claim");
    assert_eq!(again, [jobs[1].clone(), jobs[2].clone()]);
    tx.delete_job(jobs[1].id).await.expect("delete");
    tx.delete_job(JobId::new(Uuid::now_v7())).await.expect("nobody's");
    tx.commit().await.expect("commit");
    let again = write(&store).await.claim_jobs(sample::at(500), sample::at(600), 9).await.expect("claim");
    assert_eq!(again, [jobs[2].clone(), jobs[0].clone()]);
}

/// Two claimers never get the same job, and together they get all.
pub async fn claims_never_overlap(store: AnyStore) {
    let jobs: Vec<_> = (0..60).map(sample::job).collect();
    let mut tx = write(&store).await;
    tx.insert_jobs(&jobs).await.expect("insert");
    tx.commit().await.expect("commit");
    let claimed = at_once(8, |_| {
        let store = store.clone();
        async move {
            let mut mine = Vec::new();
            loop {
                let mut tx = write(&store).await;
                let jobs = tx.claim_jobs(sample::at(100), sample::at(900), 3).await.expect("claim");
                assert!(jobs.len() <= 3, "more than asked for");
                tokio::task::yield_now().await;
                tx.commit().await.expect("commit");
                if jobs.is_empty() {
                    return mine;
                }
                mine.extend(jobs.into_iter().map(|job| job.id));
            }
        }
    })
    .await
    .concat();
    assert_eq!(claimed.len(), jobs.len(), "one was claimed twice or never");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), jobs.len());
}

/// A failed job comes back later with one attempt more, until it is set aside.
pub async fn fails_and_is_set_aside(store: AnyStore) {
    let mut job = sample::job(0);
    let waiting = sample::job(7);
    let mut tx = write(&store).await;
    assert_eq!(tx.job_counts().await.expect("count"), (0, 0, None));
    tx.insert_jobs(&[job.clone(), waiting.clone()]).await.expect("insert");
    assert_eq!(tx.job_counts().await.expect("count"), (2, 0, Some(sample::at(0))));
    tx.claim_jobs(sample::at(1), sample::at(1_000), 1).await.expect("claim");
    tx.fail_job(job.id, Some(sample::at(50)), "no answer").await.expect("fail");
    assert_eq!(tx.claim_jobs(sample::at(5), sample::at(60), 9).await.expect("claim"), []);
    (job.attempts, job.run_at) = (1, sample::at(50));
    let claimed = tx.claim_jobs(sample::at(51), sample::at(99), 9).await.expect("claim");
    assert_eq!(claimed, [waiting, job.clone()]);
    tx.fail_job(job.id, None, "it's \u{1F4A5}").await.expect("fail");
    assert_eq!(tx.job_counts().await.expect("count"), (1, 1, Some(sample::at(7))));
    tx.commit().await.expect("commit");
    let mut tx = write(&store).await;
    let claimed = tx.claim_jobs(sample::at(9_999), sample::at(99_999), 9).await.expect("claim");
    assert!(claimed.iter().all(|found| found.id != job.id));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.job_counts().await.expect("count"), (1, 1, Some(sample::at(7))));
}

/// Nothing to write is nothing to do.
pub async fn batches_may_be_empty(store: AnyStore) {
    let mut tx = write(&store).await;
    tx.insert_jobs(&[]).await.expect("insert");
    tx.insert_notes(&[]).await.expect("insert");
    tx.touch_sessions(&[]).await.expect("touch");
    tx.append_audit_events(&[]).await.expect("append");
    assert_eq!(tx.claim_jobs(sample::at(0), sample::at(1), 0).await.expect("claim"), []);
    tx.commit().await.expect("commit");
}
