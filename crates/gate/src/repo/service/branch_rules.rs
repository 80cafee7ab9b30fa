//! Rules in a file protect nothing; the ones in force do.

use serde_json::Value;

use super::Service;
use crate::{
    check::{Ended, Outcome, Priority, Reference, passed},
    repo::{Hand, RepoCheck, Run, rules::NEEDED_ON_BRANCH},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "service.branch-rules",
    title: "The service enforces reviews, signatures, checks and an unchangeable past on the default branch",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Scorecard("Branch-Protection"), Reference::Cwe(862)],
    run: Run::Online(|hand, service| Box::pin(run(hand, service))),
};

async fn run(_hand: Hand, service: Service) -> Outcome {
    let rules = service.rules().await?;
    let has = |kind: &str| rules.iter().any(|rule| rule.get("type").and_then(Value::as_str) == Some(kind));
    let mut broken = Vec::new();
    for (kind, what) in NEEDED_ON_BRANCH {
        if !has(kind) {
            broken.push(format!("no `{kind}` rule: {what}"));
        }
    }
    let reviews =
        rules.iter().filter(|rule| rule.get("type").and_then(Value::as_str) == Some("pull_request"));
    let reviews = reviews
        .filter_map(|rule| rule.pointer("/parameters/required_approving_review_count")?.as_u64())
        .max();
    if has("pull_request") && reviews.unwrap_or(0) == 0 {
        broken.push("a pull request needs no review".to_owned());
    }
    if broken.is_empty() {
        return passed(format!("{} rules are in force", rules.len()));
    }
    Err(Ended::Fail(broken.join("; ")))
}
