//! A workflow that states nothing gets what the repository's settings give; that should be little.

use serde_json::Value;

use super::Service;
use crate::{
    check::{Ended, Outcome, Priority, Reference, passed},
    repo::{Hand, RepoCheck, Run},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "service.workflow-token",
    title: "A workflow's token may only read by default, and approve nothing",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[Reference::Scorecard("Token-Permissions"), Reference::Asvs("13.2.2"), Reference::Cwe(250)],
    run: Run::Online(|hand, service| Box::pin(run(hand, service))),
};

async fn run(_hand: Hand, service: Service) -> Outcome {
    let settings = service.value("actions/permissions/workflow", "Administration: read").await?;
    let mut broken = Vec::new();
    if settings.get("default_workflow_permissions").and_then(Value::as_str) != Some("read") {
        broken.push("by default it may write");
    }
    if settings.get("can_approve_pull_request_reviews").and_then(Value::as_bool) != Some(false) {
        broken.push("it may approve pull requests");
    }
    if broken.is_empty() {
        return passed("it may read, and not approve");
    }
    Err(Ended::Fail(broken.join("; ")))
}
