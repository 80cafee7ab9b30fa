//! What a workflow's token may do is what whoever takes over one of its steps may do.

use super::{Workflow, each};
use crate::{
    check::{Priority, Reference},
    evidence::Finding,
    repo::{RepoCheck, Run, found, yaml::Node},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "workflows.permissions",
    title: "Workflows state their permissions and write only in the job that needs it",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Scorecard("Token-Permissions"), Reference::Asvs("13.2.2"), Reference::Cwe(250)],
    run: Run::Offline(|hand| each(hand, look, "permissions are stated, and none writes as a whole")),
};

fn look(workflow: &Workflow) -> Vec<Finding> {
    if workflow.is_action() {
        // It runs with what its caller may.
        return Vec::new();
    }
    let mut findings = Vec::new();
    match workflow.root.get("permissions") {
        Some(permissions) => {
            for (line, scope) in writing(permissions) {
                let what =
                    format!("the whole workflow may write ({scope}); state it in the job that needs it");
                findings.push(found(&workflow.path, line, what));
            }
        }
        None => {
            let silent = workflow.jobs().iter().filter(|(_, job)| job.get("permissions").is_none());
            findings.extend(silent.map(|(name, job)| {
                let what = format!("neither the workflow nor the job `{name}` states its permissions");
                found(&workflow.path, job.line, what)
            }));
        }
    }
    for (name, job) in workflow.jobs() {
        if let Some(permissions) = job.get("permissions").filter(|node| node.text() == Some("write-all")) {
            findings.push(found(
                &workflow.path,
                permissions.line,
                format!("the job `{name}` may write everything"),
            ));
        }
    }
    findings
}

fn writing(permissions: &Node) -> Vec<(usize, String)> {
    if permissions.text() == Some("write-all") {
        return vec![(permissions.line, "write-all".to_owned())];
    }
    let writes = permissions.entries().iter().filter(|(_, access)| access.text() == Some("write"));
    writes.map(|(scope, access)| (access.line, format!("{scope}: write"))).collect()
}
