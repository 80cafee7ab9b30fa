//! Doing jobs: claims, time-outs, tries and setting aside. Errors are kept as one word: a mail server's answer may name
//! the address.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use mainstay_model::job::Job;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::Work;
use crate::{
    App, Result,
    background::{contained, contained_until, pause},
    crypto::Purpose,
    limits,
    ports::{MailError, ProviderError, Random, Signal},
};

/// Why a job did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault {
    word: &'static str,
    fate: Fate,
}

/// What becomes of a job that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Retry,
    /// No further try can help, and a person should know.
    SetAside,
    /// There is nothing that a person could do about it. Strangers can bring such jobs about, so they leave only a count.
    Drop,
}

impl Fate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retried",
            Self::SetAside => "set_aside",
            Self::Drop => "dropped",
        }
    }
}

const fn fault(word: &'static str, fate: Fate) -> Fault {
    Fault { word, fate }
}

/// Claims what is due, does it, and answers how many jobs were tried. Jobs run at the same time; one that fails is tried again
/// later, with growing pauses, and set aside after [`limits::JOB_ATTEMPTS_MAX`] tries.
///
/// # Errors
/// When the database is away. A failing job is no error.
pub async fn run_due(app: &App) -> Result<usize> {
    let jobs = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            let now = app.now();
            let jobs = tx.claim_jobs(now, now + limits::JOB_CLAIM, limits::JOBS_CLAIMED_MAX).await?;
            tx.commit().await?;
            Ok(jobs)
        })
        .await?;
    futures::future::join_all(jobs.iter().map(|job| contained("job", run_one(app, job)))).await;
    Ok(jobs.len())
}

async fn run_one(app: &App, job: &Job) -> Result<()> {
    let work = AssertUnwindSafe(tokio::time::timeout(limits::JOB_TIMEOUT, perform(app, job))).catch_unwind();
    let outcome = match work.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(fault("time_out", Fate::Retry)),
        Err(_) => Err(fault("panic", Fate::Retry)),
    };
    let (kind, attempts) = (job.kind.as_str(), job.attempts + 1);
    let Err(Fault { word, fate }) = outcome else {
        metrics::counter!("mainstay_jobs_done_total", "kind" => kind).increment(1);
        return remove(app, job).await;
    };
    let is_last = attempts >= limits::JOB_ATTEMPTS_MAX;
    let fate = if fate == Fate::Retry && is_last { Fate::SetAside } else { fate };
    metrics::counter!("mainstay_jobs_failed_total", "kind" => kind, "fate" => fate.as_str()).increment(1);
    let run_at = match fate {
        Fate::Retry => {
            tracing::warn!(event = "job.failed", job = %job.id, kind, attempts, fault = word);
            Some(app.now() + back_off(job.attempts, &*app.ports.random))
        }
        Fate::SetAside => {
            tracing::error!(event = "job.set_aside", job = %job.id, kind, attempts, fault = word);
            None
        }
        Fate::Drop => {
            tracing::warn!(event = "job.dropped", job = %job.id, kind, attempts, fault = word);
            return remove(app, job).await;
        }
    };
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.fail_job(job.id, run_at, word).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn remove(app: &App, job: &Job) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.delete_job(job.id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn perform(app: &App, job: &Job) -> Result<(), Fault> {
    let payload = app
        .sealer
        .open(Purpose::Job, &job.sealed_payload)
        .map_err(|_| fault("seal_broken", Fate::SetAside))?;
    match Work::from_json(job.kind, &payload).map_err(|_| fault("unreadable", Fate::SetAside))? {
        Work::SendMail(mail) if mail.not_after.is_some_and(|at| at <= app.now()) => {
            Err(fault("too_late", Fate::Drop))
        }
        Work::SendMail(mail) => {
            let mailer = app.ports.mailer.as_ref().ok_or(fault("no_mailer", Fate::Retry))?;
            mailer.send(&mail).await.map_err(|error| match error {
                MailError::Temporary(_) => fault("temporary", Fate::Retry),
                MailError::Permanent(_) => fault("refused", Fate::Drop),
            })
        }
        Work::RevokeProviderToken { provider, token } => {
            let provider =
                app.ports.identity_providers.get(&provider).ok_or(fault("no_provider", Fate::Retry))?;
            provider.revoke(&token).await.map_err(|error| match error {
                ProviderError::Unavailable(_) => fault("temporary", Fate::Retry),
                ProviderError::Refused(_) => fault("refused", Fate::SetAside),
            })
        }
    }
}

/// The wait after so many earlier failures: doubled each time, bounded, and spread over its upper half so that jobs that
/// failed together do not come back together.
pub(crate) fn back_off(failures: i64, random: &dyn Random) -> Duration {
    let doublings = u32::try_from(failures.clamp(0, 20)).unwrap_or(0);
    let longest = (limits::JOB_BACKOFF_BASE * 2_u32.pow(doublings)).min(limits::JOB_BACKOFF_MAX);
    let mut jitter = [0];
    random.fill(&mut jitter);
    longest / 2 + longest / 2 * u32::from(jitter[0]) / 255
}

/// Does jobs as they come until `stop` is cancelled. Jobs that are under way then get a last moment; those that do not end are
/// done again when their claims have run out.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    let mut signals = app.ports.bus.subscribe();
    loop {
        let tried = contained_until("jobs", &stop, run_due(&app)).await;
        if stop.is_cancelled() {
            break;
        }
        contained_until("jobs_gauges", &stop, measure(&app)).await;
        if tried == Some(limits::JOBS_CLAIMED_MAX as usize) {
            continue;
        }
        if !pause(limits::JOB_POLL, &stop, added(&mut signals)).await {
            break;
        }
    }
}

/// Waits for the hint that there are new jobs.
async fn added(signals: &mut Receiver<Signal>) {
    loop {
        match signals.recv().await {
            Ok(Signal::JobsAdded | Signal::Lagged) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn measure(app: &App) -> Result<()> {
    let (waiting, set_aside, oldest) = app.read().await?.job_counts().await?;
    metrics::gauge!("mainstay_jobs_waiting").set(waiting as f64);
    metrics::gauge!("mainstay_jobs_set_aside").set(set_aside as f64);
    let age = oldest.map_or(Duration::ZERO, |run_at| app.now().since(run_at));
    metrics::gauge!("mainstay_jobs_oldest_due_seconds").set(age.as_secs_f64());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_are_spread() {
        let seconds = |failures, jitter| back_off(failures, &Fixed(jitter)).as_secs_f64();
        assert_eq!((seconds(0, 0), seconds(0, 255)), (2.5, 5.0));
        assert_eq!((seconds(3, 0), seconds(3, 255)), (20.0, 40.0));
        assert_eq!((seconds(60, 0), seconds(60, 255)), (1800.0, 3600.0));
    }
}
