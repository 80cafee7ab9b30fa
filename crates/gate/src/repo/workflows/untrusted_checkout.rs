//! `pull_request_target` and its like run with the repository's secrets; code of the pull request must not run there
//! (GitHub Security Lab, "Preventing pwn requests").

use super::{Workflow, each};
use crate::{
    check::{Priority, Reference},
    evidence::Finding,
    repo::{RepoCheck, Run, found, yaml::Node},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "workflows.untrusted-checkout",
    title: "No workflow that holds secrets checks a stranger's code out",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Scorecard("Dangerous-Workflow"), Reference::Cwe(829), Reference::Cwe(94)],
    run: Run::Offline(|hand| each(hand, look, "none takes a pull request's code where secrets are")),
};

/// Triggers that strangers can set off and that run with the repository's own rights.
const PRIVILEGED: &[&str] =
    &["pull_request_target", "workflow_run", "issue_comment", "issues", "discussion_comment"];

/// What names the code of a pull request.
const FOREIGN: &[&str] = &[
    "github.event.pull_request.head",
    "github.event.pull_request.merge_commit_sha",
    "github.event.workflow_run.head",
    "github.event.workflow_run.pull_requests",
    "github.event.number",
    "github.event.pull_request.number",
    "github.event.issue.number",
    "github.head_ref",
    "refs/pull/",
];

fn look(workflow: &Workflow) -> Vec<Finding> {
    let triggers = workflow.triggers();
    let Some(trigger) = triggers.iter().find(|trigger| PRIVILEGED.contains(trigger)) else {
        return Vec::new();
    };
    let taking = |step: &Node| {
        let line = takes_foreign_code(step)?;
        Some(found(
            &workflow.path,
            line,
            format!("runs on `{trigger}` and checks out the code of a pull request"),
        ))
    };
    workflow.steps().filter_map(taking).collect()
}

/// The line where a step takes the code.
fn takes_foreign_code(step: &Node) -> Option<usize> {
    if step.get("uses").and_then(Node::text).is_some_and(|uses| uses.contains("checkout")) {
        let inputs = step.get("with").map_or(&[][..], Node::entries);
        let chosen = inputs.iter().filter(|(name, _)| matches!(name.as_str(), "ref" | "repository"));
        let foreign = chosen.filter(|(_, value)| names_foreign_code(value.text().unwrap_or_default()));
        return foreign.map(|(_, value)| value.line).next();
    }
    let run = step.get("run")?;
    let script = run.text()?;
    let fetches =
        script.contains("git fetch") || script.contains("git pull") || script.contains("git checkout");
    let takes = script.contains("gh pr checkout") || (fetches && names_foreign_code(script));
    takes.then_some(run.line)
}

fn names_foreign_code(text: &str) -> bool {
    FOREIGN.iter().any(|name| text.contains(name))
}
