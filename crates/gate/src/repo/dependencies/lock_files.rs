//! Without a lock file that fits the manifest, two builds of one commit are two programs.

use crate::{
    check::{Ended, Outcome, Priority, Reference},
    evidence::Finding,
    repo::{
        Hand, RepoCheck, Repository, Run,
        dependencies::{cargo, npm},
        found,
        repository::split,
    },
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "dependencies.lock-files",
    title: "Every manifest has a lock file that fits it and vouches for each download",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[
        Reference::Scorecard("Pinned-Dependencies"),
        Reference::Asvs("15.2.4"),
        Reference::Cwe(1357),
        Reference::Cwe(494),
    ],
    run: Run::Offline(run),
};

/// Manifests of other kinds, and the lock files of which each has to have one beside it or above.
const OTHERS: &[(&str, &[&str])] = &[
    ("go.mod", &["go.sum"]),
    ("Pipfile", &["Pipfile.lock"]),
    ("Gemfile", &["Gemfile.lock"]),
    ("composer.json", &["composer.lock"]),
    ("mix.exs", &["mix.lock"]),
    ("pubspec.yaml", &["pubspec.lock"]),
];

fn run(hand: &Hand) -> Outcome {
    let repository = &hand.repository;
    let mut findings = Vec::new();
    let mut manifests = 0;
    for look in [cargo::look, npm::look, others] {
        let (count, places) = look(repository);
        manifests += count;
        findings.extend(places);
    }
    if manifests == 0 {
        return Err(Ended::NotApplicable("no manifest of a known kind".to_owned()));
    }
    hand.judge(findings, || {
        format!("{} and their lock files fit", crate::report::counted(manifests, "manifest", "manifests"))
    })
}

fn others(repository: &Repository) -> (usize, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut count = 0;
    for (name, locks) in OTHERS {
        for path in repository.named(name) {
            count += 1;
            // A Go module without dependencies has no sums.
            let needs_none =
                *name == "go.mod" && !repository.text(path).unwrap_or_default().contains("require");
            if !needs_none && lock_above(repository, path, locks).is_none() {
                findings.push(found(path, 0, format!("has no {}", locks.join(" or "))));
            }
        }
    }
    (count, findings)
}

/// The nearest of some files in a path's folder or one above.
pub(super) fn lock_above(repository: &Repository, path: &str, names: &[&str]) -> Option<String> {
    let mut folder = split(path).0;
    loop {
        let here = names
            .iter()
            .map(|name| if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") });
        if let Some(lock) = here.into_iter().find(|lock| repository.has(lock)) {
            return Some(lock);
        }
        if folder.is_empty() {
            return None;
        }
        folder = split(folder).0;
    }
}
