//! Scans of real services: the prototype that makes every mistake, its well-made variant, and PocketBase.

mod python;
mod service;

use std::collections::BTreeMap;

use clap::Parser;
use futures::{StreamExt as _, stream};

use self::service::{PASSWORDS, pocketbase, prototype, prototypes_of_each_mistake};
use super::{Arguments, scan};
use crate::{
    check::Control,
    report::{Report, Verdict},
    scan::checks,
};

/// Scans at a time.
const AT_A_TIME: usize = 3;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    scan: Arguments,
}

async fn scanned(service: &[String], more: &[&str]) -> Report {
    let mut arguments = vec!["scan".to_owned()];
    arguments.extend_from_slice(service);
    arguments.extend(more.iter().map(|one| (*one).to_owned()));
    let arguments = Cli::try_parse_from(arguments).expect("arguments").scan;
    scan(&arguments, true, &password).await.expect("the scan runs")
}

fn password(name: &str) -> Option<String> {
    PASSWORDS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// What was found, by verdict; with reasons, so that a failed test says what was seen.
fn found(report: &Report, verdict: Verdict) -> BTreeMap<&str, &str> {
    let is_meant = report.checks.iter().filter(|check| check.verdict == verdict);
    is_meant.map(|check| (check.id, check.reason.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_finds_its_own_mistake_in_the_prototype() {
    let prototypes = prototypes_of_each_mistake();
    let prototypes = &prototypes;
    let tries = checks::all().into_iter().map(|check| async move {
        let Control::Prototype(mistake) = check.control else { panic!("{} has no mistake", check.id) };
        let arguments = prototypes.arguments_of(mistake);
        (check.id, scanned(&arguments, &["--only", check.id]).await)
    });
    for (id, report) in stream::iter(tries).buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await {
        let check = report.checks.iter().find(|check| check.id == id).expect("it ran");
        assert_eq!(check.verdict, Verdict::Fail, "{id}: {}", check.reason);
        assert!(check.evidence.requests > 0, "{id} has no evidence");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prototype_as_it_comes_fails_everything() {
    let service = prototype("all");
    let report = scanned(&service.arguments(), &[]).await;
    // Where nothing is limited, nothing gets around the limit.
    let skipped = found(&report, Verdict::Skip);
    assert_eq!(skipped.keys().copied().collect::<Vec<_>>(), ["scan.forwarded-address"], "{skipped:?}");
    assert_eq!(report.count(Verdict::Fail), report.checks.len() - 1, "{:?}", found(&report, Verdict::Pass));
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_in_the_well_made_variant_and_nothing_stays_behind() {
    let service = prototype("none");
    let report = scanned(&service.arguments(), &[]).await;
    let others = report.checks.iter().filter(|check| check.verdict != Verdict::Pass);
    let others = others.map(|check| (check.id, check.reason.as_str())).collect::<Vec<_>>();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(report.exit_code(), 0);
    assert!(report.cleanup.objects_made > 0);
    assert_eq!(report.cleanup.objects_left, Vec::<String>::new());
    let written = serde_json::to_string(&report).expect("a report");
    for (_, password) in PASSWORDS {
        assert!(!written.contains(password), "a password stands in the report");
    }
    assert!(!written.contains("eyJhbGciOiJIUzI1NiI"), "a token stands in the report");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_invented_about_pocketbase() {
    let service = pocketbase(&[]);
    let report = scanned(&service.arguments(), &[]).await;
    // The page of its administrators sets no policy, so the browser's own one holds.
    let failed = found(&report, Verdict::Fail);
    assert_eq!(failed.keys().copied().collect::<Vec<_>>(), ["scan.referrer-policy"], "{failed:?}");
    let errors = found(&report, Verdict::Error);
    assert!(errors.is_empty(), "{errors:?}");
    let skipped = found(&report, Verdict::Skip);
    let expected = ["scan.cookies", "scan.csrf", "scan.hsts", "scan.log-out", "scan.refresh-reuse"];
    assert_eq!(skipped.keys().copied().collect::<Vec<_>>(), expected, "{skipped:?}");
    assert_eq!(report.cleanup.objects_left, Vec::<String>::new());
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pocketbase_as_it_comes_limits_no_sign_ins() {
    let service = pocketbase(&["--as-it-comes"]);
    let report = scanned(&service.arguments(), &["--only", "sign-in-limit"]).await;
    let failed = found(&report, Verdict::Fail);
    assert_eq!(failed.keys().copied().collect::<Vec<_>>(), ["scan.sign-in-limit"], "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_target_file_only_what_is_public_is_told() {
    let service = prototype("none");
    let arguments = ["scan", &service.url, "--ca-file", &service.ca_file()];
    let arguments = Cli::try_parse_from(arguments).expect("arguments").scan;
    let report = scan(&arguments, true, &|_| None).await.expect("the scan runs");
    assert!(found(&report, Verdict::Fail).is_empty() && found(&report, Verdict::Error).is_empty());
    let access = report.checks.iter().find(|check| check.id == "scan.object-access").expect("it is there");
    assert_eq!(access.verdict, Verdict::Skip);
    assert!(access.reason.contains("[object]"), "{}", access.reason);
    assert_eq!(report.exit_code(), 1, "what could not be told is not passed");
}

#[tokio::test]
async fn what_a_target_file_needs_from_the_environment_is_said_at_once() {
    let service = prototype("none");
    let arguments = std::iter::once("scan".to_owned()).chain(service.arguments());
    let arguments = Cli::try_parse_from(arguments).expect("arguments").scan;
    let said = scan(&arguments, true, &|_| None).await.expect_err("no variable is set").to_string();
    for (name, table) in [("SCAN_A_PASSWORD", "members.a"), ("SCAN_B_PASSWORD", "members.b")] {
        assert!(said.contains(&format!("{name} is not set, which {table}.secret_env names")), "{said}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_run_is_said_to() {
    let arguments = Cli::try_parse_from(["scan", "http://localhost:9"]).expect("arguments").scan;
    let said = scan(&arguments, true, &|_| None).await.expect_err("nothing runs there").to_string();
    assert!(said.contains("does the service run there?"), "{said}");
}

#[tokio::test]
async fn a_target_file_that_does_not_fit_is_told_before_anything_is_scanned() {
    let service = prototype("none");
    let folder = tempfile::TempDir::new().expect("a folder");
    let right = std::fs::read_to_string(service.target_file()).expect("the target file");
    for (from, to, expected) in [
        ("token = \"/access_token\"", "token = \"/data/token\"", "sign_in.token = /data/token"),
        ("path = \"/api/login\"", "path = \"/api/sign-in\"", "A could not sign in: 404"),
        ("id = \"/id\"", "id = \"/user/id\"", "me.id = /user/id"),
    ] {
        let path = folder.path().join("target.toml");
        std::fs::write(&path, right.replacen(from, to, 1)).expect("written");
        let path = path.display().to_string();
        let arguments = ["scan", &service.url, "--ca-file", &service.ca_file(), "--target", &path];
        let arguments = Cli::try_parse_from(arguments).expect("arguments").scan;
        let said = scan(&arguments, true, &password).await.expect_err(expected).to_string();
        assert!(said.contains(expected) && said.contains("nothing was scanned"), "{said}");
    }
}
