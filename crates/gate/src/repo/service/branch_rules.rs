//! Rules in a file protect nothing; the ones in force do.

use super::{Service, protection};
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
    let needed = NEEDED_ON_BRANCH.iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
    let in_force = protection::in_force(&service, &needed).await?;
    let mut broken = Vec::new();
    for (kind, what) in NEEDED_ON_BRANCH {
        if !in_force.has(kind) {
            broken.push(format!("no `{kind}` rule: {what}"));
        }
    }
    let reviews = in_force.of_kind("pull_request");
    let reviews =
        reviews.filter_map(|parameters| parameters.get("required_approving_review_count")?.as_u64()).max();
    if in_force.has("pull_request") && reviews.unwrap_or(0) == 0 {
        broken.push("a pull request needs no review".to_owned());
    }
    if in_force.exempts_administrators {
        broken.push("administrators may pass the branch's protection by".to_owned());
    }
    if broken.is_empty() {
        return passed(format!("{} rules are in force", in_force.rules.len()));
    }
    Err(Ended::Fail(broken.join("; ")))
}
