//! A required check that no job has blocks every change for ever, or was renamed and guards nothing any more; a job that only runs
//! for some paths never reports for the others.

use serde_json::Value;

use super::{RuleFile, guarding, rules};
use crate::{
    check::{Outcome, Priority, Reference},
    evidence::Finding,
    repo::{
        Hand, RepoCheck, Run, found,
        workflows::{self, Workflow},
        yaml::Node,
    },
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "rules.required-checks",
    title: "Checks are required before a merge, and each is a job that runs on every pull request",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Scorecard("CI-Tests"), Reference::Scorecard("Branch-Protection")],
    run: Run::Offline(run),
};

fn run(hand: &Hand) -> Outcome {
    let (files, mut findings) = guarding(hand)?;
    let (workflows, _) = workflows::load(&hand.repository);
    let required = rules(&files, "required_status_checks")
        .flat_map(|(file, parameters)| contexts(parameters).into_iter().map(move |context| (file, context)))
        .collect::<Vec<_>>();
    if required.is_empty() {
        findings.push(found(&files[0].path, 0, "no check is required"));
    }
    findings.extend(required.iter().filter_map(|(file, context)| unmet(file, context, &workflows)));
    let names = required.iter().map(|(_, context)| context.as_str()).collect::<Vec<_>>().join(", ");
    hand.judge(findings, || format!("{names}: each is a job"))
}

/// The names of the checks that a rule requires.
pub(in crate::repo) fn contexts(parameters: &Value) -> Vec<String> {
    let checks = parameters.get("required_status_checks").and_then(Value::as_array).into_iter().flatten();
    checks.filter_map(|check| check.get("context").and_then(Value::as_str).map(str::to_owned)).collect()
}

fn unmet(file: &RuleFile, context: &str, workflows: &[Workflow]) -> Option<Finding> {
    let line = file.line_of(&format!("\"{context}\""));
    let jobs = workflows
        .iter()
        .flat_map(|workflow| workflow.jobs().iter().map(move |(id, job)| (workflow, id, job)));
    let named = jobs
        .filter(|(_, id, job)| is_called(context, id, job))
        .map(|(workflow, ..)| workflow)
        .collect::<Vec<_>>();
    if named.is_empty() {
        return Some(found(&file.path, line, format!("`{context}` is required, and no job is called that")));
    }
    if named.iter().any(|workflow| runs_on_every_pull_request(workflow)) {
        return None;
    }
    let path = &named[0].path;
    Some(found(
        &file.path,
        line,
        format!("`{context}` is required, and {path} does not run on every pull request"),
    ))
}

/// Whether the service reports a job under this name; a matrix adds its values in brackets, a called workflow its job's name.
fn is_called(context: &str, id: &str, job: &Node) -> bool {
    let name = job.get("name").and_then(Node::text).unwrap_or(id);
    if name == context {
        return true;
    }
    let has_more = job.at(&["strategy", "matrix"]).is_some() && context.starts_with(&format!("{name} ("));
    let calls = job.get("uses").is_some() && context.starts_with(&format!("{name} / "));
    // A name with an expression in it: what stands before and after has to fit.
    let fits = name.split_once("${{").is_some_and(|(before, rest)| {
        let after = rest.rsplit_once("}}").map_or("", |(_, after)| after);
        !(before.is_empty() && after.is_empty()) && context.starts_with(before) && context.ends_with(after)
    });
    has_more || calls || fits
}

fn runs_on_every_pull_request(workflow: &Workflow) -> bool {
    let is_triggered =
        workflow.triggers().iter().any(|trigger| matches!(*trigger, "pull_request" | "pull_request_target"));
    let on = workflow.root.at(&["on", "pull_request"]);
    let is_partial = on.is_some_and(|on| {
        let misses_pushes = on.get("types").is_some_and(|types| !types.names().contains(&"synchronize"));
        misses_pushes || on.get("paths").is_some() || on.get("paths-ignore").is_some()
    });
    is_triggered && !is_partial
}
