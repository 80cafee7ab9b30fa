//! Workflow files: whoever can change what they run, or what they may, can change everything.

mod checkout_token;
mod permissions;
mod pinned_actions;
mod script_injection;
mod untrusted_checkout;

use crate::{
    check::{Ended, Outcome},
    evidence::Finding,
    repo::{Hand, RepoCheck, Repository, found, repository::split, yaml, yaml::Node},
};

pub(super) const CHECKS: &[&RepoCheck] = &[
    &pinned_actions::CHECK,
    &permissions::CHECK,
    &untrusted_checkout::CHECK,
    &script_injection::CHECK,
    &checkout_token::CHECK,
];

/// A workflow, or an action that the repository itself defines.
pub(super) struct Workflow {
    pub(super) path: String,
    pub(super) root: Node,
}

impl Workflow {
    pub(super) fn jobs(&self) -> &[(String, Node)] {
        self.root.get("jobs").map_or(&[], Node::entries)
    }

    pub(super) fn triggers(&self) -> Vec<&str> {
        self.root.get("on").map(Node::names).unwrap_or_default()
    }

    /// Every step of every job; of an action, its own.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Node> {
        let of_jobs = self.jobs().iter().filter_map(|(_, job)| job.get("steps"));
        let own = self.root.at(&["runs", "steps"]);
        of_jobs.chain(own).flat_map(Node::items)
    }

    fn is_action(&self) -> bool {
        self.root.get("runs").is_some()
    }
}

/// The repository's workflows and actions, and those that can't be read.
pub(super) fn load(repository: &Repository) -> (Vec<Workflow>, Vec<Finding>) {
    let (mut workflows, mut unreadable) = (Vec::new(), Vec::new());
    for path in repository.paths().filter(|path| is_workflow(path)) {
        let root = repository
            .text(path)
            .ok_or_else(|| "it is no text".to_owned())
            .and_then(|text| yaml::parse(&text));
        match root {
            Ok(root) => workflows.push(Workflow { path: path.to_owned(), root }),
            Err(error) => unreadable.push(found(path, 0, format!("can't be read: {error}"))),
        }
    }
    (workflows, unreadable)
}

fn is_workflow(path: &str) -> bool {
    let (folder, name) = split(path);
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    is_yaml && (folder == ".github/workflows" || matches!(name, "action.yml" | "action.yaml"))
}

/// Looks at each workflow; without any there is nothing to promise.
fn each(hand: &Hand, look: fn(&Workflow) -> Vec<Finding>, fine: &str) -> Outcome {
    let (workflows, mut findings) = load(&hand.repository);
    if workflows.is_empty() && findings.is_empty() {
        return Err(Ended::NotApplicable("there are no workflows in .github/workflows".to_owned()));
    }
    findings.extend(workflows.iter().flat_map(look));
    hand.judge(findings, || {
        format!("{}: {fine}", crate::report::counted(workflows.len(), "workflow", "workflows"))
    })
}
