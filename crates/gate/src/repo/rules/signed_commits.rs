//! Without signatures anybody who may push can write under anybody's name.

use super::{guarding, rules};
use crate::{
    check::{Outcome, Priority, Reference},
    repo::{Hand, RepoCheck, Run, found},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "rules.signed-commits",
    title: "The default branch takes only signed commits",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[Reference::Cwe(347), Reference::Scorecard("Branch-Protection")],
    run: Run::Offline(run),
};

fn run(hand: &Hand) -> Outcome {
    let (files, mut findings) = guarding(hand)?;
    let path = files[0].path.as_str();
    if rules(&files, "required_signatures").next().is_none() {
        findings.push(found(path, 0, "no `required_signatures` rule"));
    }
    hand.judge(findings, || format!("{path} demands signatures"))
}
