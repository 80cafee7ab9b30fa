//! Whoever finds a hole has to find a private way to tell, or they tell everybody.

use crate::{
    check::{Outcome, Priority, Reference},
    repo::{Hand, RepoCheck, Run, found},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "policy.security",
    title: "SECURITY.md says how to report a vulnerability in private",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[Reference::Scorecard("Security-Policy")],
    run: Run::Offline(run),
};

/// Where the hosting service looks for it.
const PLACES: &[&str] = &["SECURITY.md", ".github/SECURITY.md", "docs/SECURITY.md"];

fn run(hand: &Hand) -> Outcome {
    let Some(path) = PLACES.iter().find(|path| hand.repository.has(path)) else {
        return hand.judge(vec![found(PLACES[0], 0, "there is none")], String::new);
    };
    let text = hand.repository.text(path).unwrap_or_default().to_lowercase();
    let has_way = ["report", "mailto:", "@", "https://"].iter().any(|word| text.contains(word));
    let is_private =
        ["privat", "confidential", "security@", "advisor", "encrypt"].iter().any(|word| text.contains(word));
    let mut findings = Vec::new();
    if !(has_way && is_private) {
        findings.push(found(path, 0, "it does not say how to report in private"));
    }
    hand.judge(findings, || format!("{path} says how"))
}
