//! Rules that are reviewed as files and changed by hand at the service drift apart; the first to notice should not be an attacker.

use serde_json::Value;

use super::Service;
use crate::{
    check::{Ended, Outcome, Priority, Reference},
    evidence::Finding,
    repo::{Hand, RepoCheck, Run, found, rules},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "service.rules-as-files",
    title: "The rulesets in force are those in the repository's files",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[Reference::Scorecard("Branch-Protection")],
    run: Run::Online(|hand, service| Box::pin(run(hand, service))),
};

/// Fields that a file states and the service has to agree with.
const FIELDS: &[&str] = &["target", "enforcement", "conditions", "bypass_actors"];

async fn run(hand: Hand, service: Service) -> Outcome {
    let (files, mut findings) = rules::load(&hand.repository);
    let files = files.into_iter().filter(|file| file.value.get("rules").is_some()).collect::<Vec<_>>();
    if files.is_empty() {
        return Err(Ended::NotApplicable("the repository has no rulesets as files".to_owned()));
    }
    let permission = "Administration: read";
    let listed = service.list("rulesets?per_page=100&includes_parents=false", permission).await?;
    for file in &files {
        let name = file.value.get("name").and_then(Value::as_str).unwrap_or_default();
        let known = listed.iter().find(|ruleset| ruleset.get("name").and_then(Value::as_str) == Some(name));
        let Some(id) = known.and_then(|ruleset| ruleset.get("id")?.as_u64()) else {
            findings.push(found(&file.path, 0, format!("the service has no ruleset `{name}`")));
            continue;
        };
        let in_force = service.value(&format!("rulesets/{id}"), permission).await?;
        findings.extend(differences(&file.path, &file.value, &in_force));
    }
    hand.judge(findings, || {
        format!("{} as in their files", crate::report::counted(files.len(), "ruleset", "rulesets"))
    })
}

fn differences(path: &str, promised: &Value, in_force: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for field in FIELDS {
        let Some(value) = promised.get(field) else { continue };
        // Who may not see the exceptions is not shown the field.
        let is_hidden = *field == "bypass_actors" && in_force.get(field).is_none();
        if !is_hidden && !agrees(value, in_force.get(field).unwrap_or(&Value::Null)) {
            findings.push(found(path, 0, format!("the service has another `{field}`")));
        }
    }
    let kinds = |ruleset: &Value| {
        let rules = ruleset.get("rules").and_then(Value::as_array).into_iter().flatten();
        rules.filter_map(|rule| rule.get("type")?.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    for kind in kinds(promised) {
        let enforced = rules::of_kind(in_force, &kind).collect::<Vec<_>>();
        let agrees =
            rules::of_kind(promised, &kind).all(|wanted| enforced.iter().any(|has| agrees(wanted, has)));
        if !agrees {
            let what = if enforced.is_empty() { "does not enforce" } else { "has other parameters for" };
            findings.push(found(path, 0, format!("the service {what} `{kind}`")));
        }
    }
    let extra = kinds(in_force).into_iter().filter(|kind| rules::of_kind(promised, kind).next().is_none());
    findings.extend(
        extra.map(|kind| {
            found(path, 0, format!("the service enforces `{kind}`, which the file does not have"))
        }),
    );
    findings
}

/// Whether everything that the file says is so; the service may add defaults that the file does not state.
fn agrees(promised: &Value, in_force: &Value) -> bool {
    match (promised, in_force) {
        (Value::Null, _) => true,
        (Value::Object(wanted), Value::Object(has)) => {
            wanted.iter().all(|(key, value)| has.get(key).is_some_and(|other| agrees(value, other)))
        }
        (Value::Array(wanted), Value::Array(has)) => {
            wanted.len() == has.len()
                && wanted.iter().all(|value| has.iter().any(|other| agrees(value, other)))
        }
        (wanted, has) => wanted == has,
    }
}
