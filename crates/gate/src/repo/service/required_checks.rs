//! The checks that the service requires are those that the repository's own rules name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Service;
use crate::{
    check::{Ended, Outcome, Priority, Reference, passed},
    repo::{Hand, RepoCheck, Run, rules},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "service.required-checks",
    title: "The service requires every check that the repository's rules name",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Scorecard("CI-Tests"), Reference::Scorecard("Branch-Protection")],
    run: Run::Online(|hand, service| Box::pin(run(hand, service))),
};

async fn run(hand: Hand, service: Service) -> Outcome {
    let in_force = service.rules().await?;
    let in_force = Value::Object([("rules".to_owned(), Value::Array(in_force))].into_iter().collect());
    let required = contexts(&in_force);
    let (files, _) = rules::load(&hand.repository);
    let promised =
        files.iter().filter(|file| file.guards_default_branch()).flat_map(|file| contexts(&file.value));
    let promised = promised.collect::<BTreeSet<_>>();
    let missing = promised.difference(&required).map(String::as_str).collect::<Vec<_>>();
    if !missing.is_empty() {
        return Err(Ended::Fail(format!("not required by the service: {}", missing.join(", "))));
    }
    if required.is_empty() {
        return Err(Ended::Fail("the service requires no check before a merge".to_owned()));
    }
    passed(format!("required: {}", required.into_iter().collect::<Vec<_>>().join(", ")))
}

fn contexts(ruleset: &Value) -> BTreeSet<String> {
    rules::of_kind(ruleset, "required_status_checks").flat_map(rules::contexts).collect()
}
