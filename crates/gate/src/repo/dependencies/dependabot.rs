//! Whatever has a lock file grows old by itself; something has to say so.

use std::collections::BTreeSet;

use crate::{
    check::{Outcome, Priority, Reference},
    repo::{Hand, RepoCheck, Repository, Run, found, repository::split, yaml, yaml::Node},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "dependencies.updates",
    title: "Every kind of dependency with a lock file is watched for updates",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[
        Reference::Scorecard("Dependency-Update-Tool"),
        Reference::Asvs("15.2.1"),
        Reference::Cwe(1104),
        Reference::Cwe(1395),
    ],
    run: Run::Offline(run),
};

/// Files and the ecosystem, in Dependabot's words, that has to be watched where they lie.
const ECOSYSTEMS: &[(&str, &str)] = &[
    ("Cargo.lock", "cargo"),
    ("package-lock.json", "npm"),
    ("yarn.lock", "npm"),
    ("pnpm-lock.yaml", "npm"),
    ("bun.lock", "bun"),
    ("go.sum", "gomod"),
    ("poetry.lock", "pip"),
    ("Pipfile.lock", "pip"),
    ("requirements.txt", "pip"),
    ("uv.lock", "uv"),
    ("Gemfile.lock", "bundler"),
    ("composer.lock", "composer"),
    ("packages.lock.json", "nuget"),
    ("gradle.lockfile", "gradle"),
    ("mix.lock", "mix"),
    ("pubspec.lock", "pub"),
    (".terraform.lock.hcl", "terraform"),
    ("Dockerfile", "docker"),
    (".gitmodules", "gitsubmodule"),
];

/// Settings of another tool that does the same for every ecosystem by itself.
const RENOVATE: &[&str] =
    &["renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5", ".renovaterc"];

fn run(hand: &Hand) -> Outcome {
    let repository = &hand.repository;
    let needed = needed(repository);
    if let Some(path) = RENOVATE.iter().find(|path| repository.has(path)) {
        return crate::check::passed(format!("{path} watches them all"));
    }
    let Some(path) =
        [".github/dependabot.yml", ".github/dependabot.yaml"].into_iter().find(|path| repository.has(path))
    else {
        let missing = needed.iter().map(|(ecosystem, folder)| {
            found(
                ".github/dependabot.yml",
                0,
                format!("there is none, and {ecosystem} in {folder} goes unwatched"),
            )
        });
        return hand.judge(missing.collect(), || "nothing has a lock file".to_owned());
    };
    let root = match yaml::parse(&repository.text(path).unwrap_or_default()) {
        Ok(root) => root,
        Err(error) => {
            return hand.judge(vec![found(path, 0, format!("can't be read: {error}"))], String::new);
        }
    };
    let updates = root.get("updates").map_or(&[][..], Node::items);
    let unwatched =
        needed.iter().filter(|(ecosystem, folder)| !updates.iter().any(|one| covers(one, ecosystem, folder)));
    let findings = unwatched
        .map(|(ecosystem, folder)| found(path, 0, format!("nothing watches {ecosystem} in {folder}")))
        .collect();
    hand.judge(findings, || {
        let places = needed.iter().map(|(ecosystem, folder)| format!("{ecosystem} in {folder}"));
        format!("watched: {}", places.collect::<Vec<_>>().join(", "))
    })
}

/// What has to be watched, and in which folder (`/` is the root).
fn needed(repository: &Repository) -> BTreeSet<(&'static str, String)> {
    let mut needed = BTreeSet::new();
    for path in repository.paths() {
        let (folder, name) = split(path);
        if folder == ".github/workflows" {
            needed.insert(("github-actions", "/".to_owned()));
        }
        for (_, ecosystem) in ECOSYSTEMS.iter().filter(|(file, _)| *file == name) {
            needed.insert((ecosystem, format!("/{folder}")));
        }
    }
    needed
}

fn covers(update: &Node, ecosystem: &str, folder: &str) -> bool {
    if update.get("package-ecosystem").and_then(Node::text) != Some(ecosystem) {
        return false;
    }
    let folders =
        [update.get("directory"), update.get("directories")].into_iter().flatten().flat_map(Node::names);
    folders.into_iter().any(|pattern| fits(pattern, folder))
}

/// Whether a folder fits one of Dependabot's patterns: `*` for one part, `**` for any.
fn fits(pattern: &str, folder: &str) -> bool {
    fn parts(path: &str) -> Vec<&str> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
    }
    fn walk(pattern: &[&str], folder: &[&str]) -> bool {
        match (pattern, folder) {
            ([], []) => true,
            (["**", rest @ ..], _) => {
                walk(rest, folder) || folder.split_first().is_some_and(|(_, deeper)| walk(pattern, deeper))
            }
            ([first, pattern @ ..], [part, folder @ ..]) => {
                let is_same = first.split_once('*').map_or(first == part, |(start, end)| {
                    part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
                });
                is_same && walk(pattern, folder)
            }
            _ => false,
        }
    }
    walk(&parts(pattern), &parts(folder))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn folders_fit_patterns_as_the_service_reads_them() {
        for (pattern, folder) in [
            ("/", "/"),
            ("/studio", "/studio"),
            ("studio/", "/studio"),
            ("/*", "/a"),
            ("**/*", "/a/b"),
            ("/lib-*", "/lib-x"),
        ] {
            assert!(fits(pattern, folder), "{pattern} {folder}");
        }
        for (pattern, folder) in [("/", "/studio"), ("/*", "/a/b"), ("/studio", "/"), ("/lib-*", "/x")] {
            assert!(!fits(pattern, folder), "{pattern} {folder}");
        }
    }
}
