//! The checks of a repository: what its files promise, what its history holds, and (online) what the hosting service enforces.
//!
//! Nothing is ever written, neither to the repository nor to the service. Each check has a fault in `tests/` that makes it fail.

mod dependencies;
mod git;
mod policy;
mod repository;
mod rules;
mod secrets;
mod service;
#[cfg(test)]
mod tests;
mod workflows;
mod yaml;

use std::{pin::Pin, sync::Arc};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use self::{repository::Repository, service::Service};
use crate::{
    check::{Ended, Outcome, Priority, Reference},
    evidence::{Finding, Recorder, milliseconds},
    report::{CheckReport, Progress},
};

/// One promise of a repository.
pub(crate) struct RepoCheck {
    /// Stable: `workflows.pinned-actions`.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) promises: &'static [&'static str],
    pub(crate) priority: Priority,
    pub(crate) references: &'static [Reference],
    pub(crate) run: Run,
}

/// Where a check looks.
pub(crate) enum Run {
    /// In the files and the history.
    Offline(fn(&Hand) -> Outcome),
    /// At the hosting service too.
    Online(fn(Hand, Service) -> Asking),
}

/// A question to the hosting service under way.
pub(crate) type Asking = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What a check is given.
#[derive(Clone)]
pub(crate) struct Hand {
    pub(crate) repository: Arc<Repository>,
    pub(crate) recorder: Recorder,
    /// To say how far a long check is.
    pub(crate) progress: Progress,
}

/// Every check of a repository, in the order of the report.
pub(crate) fn all() -> Vec<&'static RepoCheck> {
    [workflows::CHECKS, rules::CHECKS, dependencies::CHECKS, secrets::CHECKS, policy::CHECKS, service::CHECKS]
        .concat()
}

impl Hand {
    /// Ends a check by the places that were found: none is a pass.
    fn judge(&self, mut findings: Vec<Finding>, fine: impl FnOnce() -> String) -> Outcome {
        findings.sort();
        findings.dedup();
        let Some(first) = findings.first() else { return crate::check::passed(fine()) };
        let place =
            if first.line == 0 { first.path.clone() } else { format!("{}:{}", first.path, first.line) };
        let told = match findings.len() {
            1 => format!("{place}: {}", first.what),
            count => format!("{count} places, the first {place}: {}", first.what),
        };
        findings.into_iter().for_each(|finding| self.recorder.finding(finding));
        Err(Ended::Fail(told))
    }
}

/// A place in a file; line zero is the file as a whole.
fn found(path: &str, line: usize, what: impl Into<String>) -> Finding {
    Finding { path: path.to_owned(), line, what: what.into() }
}

/// Runs the checks one after another; those that ask the service are skipped without one.
pub(crate) async fn run(
    checks: &[&'static RepoCheck],
    repository: &Arc<Repository>,
    service: Option<&Service>,
    progress: &Progress,
    interrupt: &CancellationToken,
) -> Vec<CheckReport> {
    let mut reports = Vec::new();
    for check in checks {
        progress.say(check.title);
        let recorder = Recorder::default();
        let started = Instant::now();
        let hand = Hand {
            repository: Arc::clone(repository),
            recorder: recorder.clone(),
            progress: progress.clone(),
        };
        let outcome = tokio::select! {
            biased;
            () = interrupt.cancelled() => Err(Ended::Unanswerable("the run was interrupted".to_owned())),
            outcome = one(check, hand, service) => outcome,
        };
        let (verdict, reason, unanswerable) = crate::run::verdict(outcome);
        let report = CheckReport {
            id: check.id,
            title: check.title,
            promises: check.promises,
            priority: check.priority,
            references: check.references.iter().map(|reference| reference.label()).collect(),
            verdict,
            unanswerable,
            reason,
            took_ms: milliseconds(started.elapsed()),
            evidence: recorder.take(),
        };
        progress.done(&report);
        reports.push(report);
    }
    reports
}

async fn one(check: &'static RepoCheck, hand: Hand, service: Option<&Service>) -> Outcome {
    match (&check.run, service) {
        // Reads files and waits for git, so it must not hold a worker up.
        (Run::Offline(run), _) => {
            let run = *run;
            tokio::task::spawn_blocking(move || run(&hand))
                .await
                .unwrap_or_else(|join| Err(Ended::error(format!("the check itself broke: {join}"))))
        }
        (Run::Online(run), Some(service)) => run(hand.clone(), service.with(hand.recorder.clone())).await,
        (Run::Online(_), None) => Err(Ended::NotApplicable(
            "the hosting service was not asked (--online, with GITHUB_TOKEN)".to_owned(),
        )),
    }
}
