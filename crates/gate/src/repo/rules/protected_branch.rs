//! Nobody, administrators included, changes the default branch without a review, rewrites its past, or deletes it.

use serde_json::Value;

use super::{NEEDED_ON_BRANCH, RuleFile, guarding, rules};
use crate::{
    check::{Outcome, Priority, Reference},
    evidence::Finding,
    repo::{Hand, RepoCheck, Run, found},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "rules.protected-branch",
    title: "The default branch takes only reviewed changes, and keeps its past",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[
        Reference::Scorecard("Branch-Protection"),
        Reference::Scorecard("Code-Review"),
        Reference::Cwe(862),
    ],
    run: Run::Offline(run),
};

/// Rules without which a branch is not protected; the others have checks of their own.
const NEEDED: &[&str] = &["pull_request", "non_fast_forward", "deletion"];

fn run(hand: &Hand) -> Outcome {
    let (files, mut findings) = guarding(hand)?;
    let path = files[0].path.as_str();
    for (kind, what) in NEEDED_ON_BRANCH.iter().filter(|(kind, _)| NEEDED.contains(kind)) {
        if rules(&files, kind).next().is_none() {
            findings.push(found(path, 0, format!("no `{kind}` rule: {what}")));
        }
    }
    for (file, parameters) in rules(&files, "pull_request") {
        let reviews = parameters.get("required_approving_review_count").and_then(Value::as_u64);
        if reviews.unwrap_or(0) == 0 {
            let line = file.line_of("required_approving_review_count");
            findings.push(found(&file.path, line, "a pull request needs no review"));
        }
    }
    findings.extend(files.iter().flat_map(bypasses));
    hand.judge(findings, || format!("{path}: reviewed, not rewritten, not deleted, and nobody is exempt"))
}

/// Who is let past the rules at any time; `pull_request` still leaves a trace and a review to ask for.
fn bypasses(file: &RuleFile) -> Vec<Finding> {
    let actors = file.value.get("bypass_actors").and_then(Value::as_array).into_iter().flatten();
    let always =
        actors.filter(|actor| actor.get("bypass_mode").and_then(Value::as_str) != Some("pull_request"));
    let line = file.line_of("bypass_actors");
    always
        .map(|actor| {
            let who = actor.get("actor_type").and_then(Value::as_str).unwrap_or("somebody");
            found(&file.path, line, format!("{who} may always pass the rules by"))
        })
        .collect()
}
