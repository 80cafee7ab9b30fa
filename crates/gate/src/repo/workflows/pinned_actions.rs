//! A tag can be moved to other code at any time, and was (CVE-2025-30066: tj-actions/changed-files); a commit can't.

use super::{Workflow, each};
use crate::{
    check::{Priority, Reference},
    evidence::Finding,
    repo::{RepoCheck, Run, found, yaml::Node},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "workflows.pinned-actions",
    title: "Every action of others is pinned to a full commit, every image to its digest",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[
        Reference::Scorecard("Pinned-Dependencies"),
        Reference::Asvs("15.2.4"),
        Reference::Cwe(829),
        Reference::Advisory("CVE-2025-30066"),
    ],
    run: Run::Offline(|hand| each(hand, look, "every `uses` names a commit or a digest")),
};

fn look(workflow: &Workflow) -> Vec<Finding> {
    let of_steps = workflow.steps().filter_map(|step| step.get("uses"));
    let of_jobs = workflow.jobs().iter().filter_map(|(_, job)| job.get("uses"));
    let loose = |uses: &Node| {
        let named = uses.text()?;
        let why = why_loose(named)?;
        Some(found(&workflow.path, uses.line, format!("`{named}` {why}")))
    };
    of_steps.chain(of_jobs).filter_map(loose).collect()
}

/// What is wrong with a reference; nothing when it always means the same code.
fn why_loose(named: &str) -> Option<&'static str> {
    if named.starts_with("./") {
        return None;
    }
    if let Some(image) = named.strip_prefix("docker://") {
        let digest = image.split_once("@sha256:").map(|(_, digest)| digest);
        return (!digest.is_some_and(|digest| is_hex(digest, 64)))
            .then_some("names an image without its digest");
    }
    match named.split_once('@') {
        None => Some("names no version"),
        Some((_, commit)) if is_hex(commit, 40) || is_hex(commit, 64) => None,
        Some(_) => Some("is a tag or a branch, which can be moved; name the full commit"),
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::why_loose;

    #[test]
    fn only_what_can_never_be_moved_is_pinned() {
        let commit = "a".repeat(40);
        for pinned in [
            "./.github/actions/x",
            &format!("o/a@{commit}"),
            &format!("docker://x@sha256:{}", "b".repeat(64)),
        ] {
            assert_eq!(why_loose(pinned), None, "{pinned}");
        }
        for loose in [
            "o/a",
            "o/a@v4",
            "o/a@main",
            &format!("o/a@{}", &commit[..39]),
            "docker://x:latest",
            "docker://x@sha256:1",
        ] {
            assert!(why_loose(loose).is_some(), "{loose}");
        }
    }
}
