//! The checks that the service requires are those that the repository's own rules name.

use std::collections::BTreeSet;

use super::{Service, protection};
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

const KIND: &str = "required_status_checks";

async fn run(hand: Hand, service: Service) -> Outcome {
    let in_force = protection::in_force(&service, &[KIND]).await?;
    let required = in_force.of_kind(KIND).flat_map(rules::contexts).collect::<BTreeSet<_>>();
    let (files, _) = rules::load(&hand.repository);
    let promised = files
        .iter()
        .filter(|file| file.guards_default_branch())
        .flat_map(|file| rules::of_kind(&file.value, KIND).flat_map(rules::contexts));
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
