//! A checkout leaves its token in `.git/config` unless told otherwise, where every later step and every uploaded folder has it.

use super::{Workflow, each};
use crate::{
    check::{Priority, Reference},
    evidence::Finding,
    repo::{RepoCheck, Run, found, yaml::Node},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "workflows.checkout-token",
    title: "A checkout leaves no token behind",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[Reference::Asvs("13.3.2"), Reference::Cwe(522)],
    run: Run::Offline(|hand| each(hand, look, "every checkout says `persist-credentials: false`")),
};

fn look(workflow: &Workflow) -> Vec<Finding> {
    let leaving = |step: &Node| {
        let uses = step.get("uses")?;
        let is_checkout = uses.text()?.starts_with("actions/checkout@");
        let keeps = step.at(&["with", "persist-credentials"]).and_then(Node::text) != Some("false");
        let what = "the token stays in .git/config; say `persist-credentials: false`";
        (is_checkout && keeps).then(|| found(&workflow.path, uses.line, what))
    };
    workflow.steps().filter_map(leaving).collect()
}
