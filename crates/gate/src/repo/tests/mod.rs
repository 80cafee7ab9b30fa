//! Each check against a repository in which all is well, and against the same with one fault: the check fails and no other does.

mod faults;
mod fixture;
mod online;
mod standin;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::fixture::Fixture;
use super::{RepoCheck, Repository, Run, Service, all};
use crate::report::{CheckReport, Progress, Verdict};

async fn run(fixture: &Fixture, service: Option<&Service>) -> Vec<CheckReport> {
    let repository = Arc::new(Repository::open(fixture.root()).unwrap());
    let progress = Progress::new(0, true);
    super::run(&all(), &repository, service, &progress, &CancellationToken::new()).await
}

/// What did not pass, as `id: verdict: reason`; what was not asked is left out.
fn wrong(reports: &[CheckReport]) -> Vec<String> {
    let wrong = reports.iter().filter(|report| report.verdict != Verdict::Pass);
    let wrong =
        wrong.filter(|report| !(report.verdict == Verdict::Skip && report.id.starts_with("service.")));
    wrong.map(|report| format!("{}: {}: {}", report.id, report.verdict.as_str(), report.reason)).collect()
}

fn ids(is_wanted: fn(&RepoCheck) -> bool) -> Vec<&'static str> {
    all().into_iter().filter(|check| is_wanted(check)).map(|check| check.id).collect()
}

#[test]
fn every_check_has_its_own_id_and_says_which_promise_it_holds() {
    let ids = ids(|_| true);
    let unique = ids.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids.len(), unique.len());
    for check in all() {
        assert!(!check.promises.is_empty() && !check.references.is_empty(), "{}", check.id);
    }
}

#[tokio::test]
async fn a_repository_in_which_all_is_well_passes_every_check() {
    let reports = run(&Fixture::clean(), None).await;
    assert_eq!(wrong(&reports), [""; 0]);
    let offline = ids(|check| matches!(check.run, Run::Offline(_)));
    let passed = reports.iter().filter(|report| report.verdict == Verdict::Pass).map(|report| report.id);
    assert_eq!(passed.collect::<Vec<_>>(), offline);
}

#[tokio::test]
async fn an_interrupted_run_reports_every_check_as_unanswered() {
    let repository = Arc::new(Repository::open(Fixture::clean().root()).unwrap());
    let interrupt = CancellationToken::new();
    interrupt.cancel();
    let reports = super::run(&all(), &repository, None, &Progress::new(0, true), &interrupt).await;
    assert_eq!(reports.len(), all().len());
    for report in reports {
        assert!(
            report.unanswerable && report.reason.contains("interrupted"),
            "{}: {}",
            report.id,
            report.reason
        );
    }
}
