//! The checks that ask the service, each against a service in which one thing is wrong.

use serde_json::{Value, json};

use super::{
    Fixture, Run, ids, run,
    standin::{Answers, Standin, answers},
    wrong,
};
use crate::report::Verdict;

type Fault = (&'static str, &'static str, fn(&mut Answers));

const RULES: &str = "/rules/branches/main?per_page=100";

fn without(answers: &mut Answers, path: &'static str, kind: &str) {
    answers.get_mut(path).unwrap().1.as_array_mut().unwrap().retain(|rule| rule["type"] != kind);
}

const FAULTS: &[Fault] = &[
    ("service.branch-rules", "no `required_signatures` rule", |answers| {
        without(answers, RULES, "required_signatures")
    }),
    ("service.branch-rules", "needs no review", |answers| {
        answers.get_mut(RULES).unwrap().1[3]["parameters"]["required_approving_review_count"] = json!(0);
    }),
    ("service.branch-rules", "administrators may pass", |answers| {
        without(answers, RULES, "deletion");
        answers.insert("/branches/main/protection", (200, protection(false)));
    }),
    ("service.required-checks", "not required by the service: build", |answers| {
        let checks = json!([{ "context": "other" }]);
        answers.get_mut(RULES).unwrap().1[4]["parameters"]["required_status_checks"] = checks;
    }),
    ("service.rules-as-files", "has no ruleset `main`", |answers| {
        answers.insert("/rulesets?per_page=100&includes_parents=false", (200, json!([])));
    }),
    ("service.rules-as-files", "another `enforcement`", |answers| {
        answers.get_mut("/rulesets/7").unwrap().1["enforcement"] = json!("evaluate");
    }),
    ("service.rules-as-files", "another `bypass_actors`", |answers| {
        let actors = json!([{ "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always" }]);
        answers.get_mut("/rulesets/7").unwrap().1["bypass_actors"] = actors;
    }),
    ("service.rules-as-files", "other parameters for `pull_request`", |answers| {
        answers.get_mut("/rulesets/7").unwrap().1["rules"][3]["parameters"]["required_approving_review_count"] =
            json!(0);
    }),
    ("service.secret-scanning", "not enabled: secret_scanning_push_protection", |answers| {
        let off = json!({ "status": "disabled" });
        answers.get_mut("").unwrap().1["security_and_analysis"]["secret_scanning_push_protection"] = off;
    }),
    ("service.secret-alerts", "1 open: Stripe API Key", |answers| {
        let alert = json!([{ "number": 1, "state": "open", "secret_type_display_name": "Stripe API Key" }]);
        answers.insert("/secret-scanning/alerts?state=open&per_page=100&hide_secret=true", (200, alert));
    }),
    ("service.dependency-alerts", "does not watch dependencies", |answers| {
        answers.insert(
            "/vulnerability-alerts",
            (404, json!({ "message": "Vulnerability alerts are disabled." })),
        );
    }),
    ("service.dependency-alerts", "1 open: left-pad (GHSA-1)", |answers| {
        let alert = json!([{
            "number": 1, "dependency": { "package": { "ecosystem": "npm", "name": "left-pad" } },
            "security_advisory": { "ghsa_id": "GHSA-1", "severity": "high" },
        }]);
        answers.insert("/dependabot/alerts?state=open&severity=high,critical&per_page=100", (200, alert));
    }),
    ("service.workflow-token", "by default it may write", |answers| {
        answers.get_mut("/actions/permissions/workflow").unwrap().1["default_workflow_permissions"] =
            json!("write");
    }),
];

/// The older way to guard a branch, as the service tells it.
fn protection(holds_administrators: bool) -> Value {
    json!({
        "required_pull_request_reviews": { "required_approving_review_count": 1 },
        "required_status_checks": { "strict": true, "contexts": ["build"] },
        "required_signatures": { "enabled": true },
        "enforce_admins": { "enabled": holds_administrators },
        "allow_force_pushes": { "enabled": false },
        "allow_deletions": { "enabled": false },
    })
}

fn right(fixture: &Fixture) -> Answers {
    let ruleset: Value = serde_json::from_str(&fixture.read(".github/rulesets/main.json")).unwrap();
    answers(&ruleset)
}

#[tokio::test]
async fn a_service_that_enforces_what_the_files_say_passes_and_is_only_read() {
    let fixture = Fixture::clean();
    let standin = Standin::start(right(&fixture)).await;
    let reports = run(&fixture, Some(&standin.service())).await;
    assert_eq!(wrong(&reports), [""; 0]);
    assert!(reports.iter().all(|report| report.verdict == Verdict::Pass), "nothing was skipped");
    assert_eq!(standin.methods().into_iter().collect::<Vec<_>>(), ["GET"]);
    let shown = serde_json::to_string(&reports).unwrap();
    assert!(
        shown.contains("/rulesets/7") && !shown.contains("a-token-of-the-stand-in"),
        "evidence without the token"
    );
}

#[tokio::test]
async fn each_fault_at_the_service_fails_its_check_and_no_other() {
    let fixture = Fixture::clean();
    for (check, says, spoil) in FAULTS {
        let mut answers = right(&fixture);
        spoil(&mut answers);
        let standin = Standin::start(answers).await;
        let wrong = wrong(&run(&fixture, Some(&standin.service())).await);
        assert_eq!(wrong.len(), 1, "{check} ({says}): {wrong:#?}");
        assert!(
            wrong[0].starts_with(&format!("{check}: fail: ")) && wrong[0].contains(says),
            "{says}: {wrong:#?}"
        );
    }
}

#[test]
fn every_online_check_has_a_fault() {
    for id in ids(|check| matches!(check.run, Run::Online(_))) {
        assert!(FAULTS.iter().any(|(check, ..)| *check == id), "{id} can't be seen to fail");
    }
}

#[tokio::test]
async fn what_the_token_may_not_see_is_no_answer_and_no_pass() {
    let fixture = Fixture::clean();
    let standin = Standin::start(right(&fixture)).await;
    let reports = run(&fixture, Some(&standin.service_with("another"))).await;
    let online = reports.iter().filter(|report| report.id.starts_with("service."));
    for report in online {
        assert!(report.unanswerable && report.verdict == Verdict::Skip, "{}: {}", report.id, report.reason);
    }
    let hidden = Standin::start(Answers::from([("", (200, json!({ "default_branch": "main" })))])).await;
    let reports = run(&fixture, Some(&hidden.service())).await;
    let scanning = reports.iter().find(|report| report.id == "service.secret-scanning").unwrap();
    assert!(scanning.unanswerable && scanning.reason.contains("Administration: read"), "{}", scanning.reason);
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let fixture = Fixture::clean();
    let mut answers = right(&fixture);
    without(&mut answers, RULES, "deletion");
    answers.insert("/page2", (200, json!([{ "type": "deletion" }])));
    let standin = Standin::start(answers).await;
    assert_eq!(wrong(&run(&fixture, Some(&standin.service())).await), [""; 0]);
}

#[tokio::test]
async fn a_branch_that_is_guarded_the_older_way_is_guarded() {
    let fixture = Fixture::clean();
    let mut answers = right(&fixture);
    answers.insert(RULES, (200, json!([])));
    answers.insert("/branches/main/protection", (200, protection(true)));
    let standin = Standin::start(answers.clone()).await;
    assert_eq!(wrong(&run(&fixture, Some(&standin.service())).await), [""; 0]);

    answers.insert("/branches/main/protection", (403, json!({ "message": "Resource not accessible" })));
    let standin = Standin::start(answers).await;
    let reports = run(&fixture, Some(&standin.service())).await;
    let rules = reports.iter().find(|report| report.id == "service.branch-rules").unwrap();
    assert!(
        rules.unanswerable && rules.reason.contains("may not see the branch's protection"),
        "{}",
        rules.reason
    );
}
