//! `${{ … }}` is pasted into a script before the shell reads it: a branch named `$(curl …)` is a command. Values come in through
//! `env:` instead (GitHub, "Security hardening for GitHub Actions").

use std::sync::LazyLock;

use regex::Regex;

use super::{Workflow, each};
use crate::{
    check::{Priority, Reference},
    evidence::Finding,
    repo::{RepoCheck, Run, found, yaml::Node},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "workflows.script-injection",
    title: "Nothing that a stranger writes is pasted into a script",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[
        Reference::Scorecard("Dangerous-Workflow"),
        Reference::Asvs("1.2.5"),
        Reference::Cwe(78),
        Reference::Cwe(94),
    ],
    run: Run::Offline(|hand| each(hand, look, "no script contains a stranger's words")),
};

static EXPRESSION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)\$\{\{(.*?)\}\}").ok());
static CONTEXT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\bgithub\s*\.\s*(?:event\s*[.\[][\w.\-*\[\]'\x22\s]*|head_ref)").ok());

/// Last parts of `github.event.…` that the service makes itself and that hold no free text.
const MADE_BY_THE_SERVICE: &[&str] = &[
    "number",
    "id",
    "node_id",
    "sha",
    "after",
    "before",
    "action",
    "run_id",
    "draft",
    "merged",
    "created_at",
    "updated_at",
];

fn look(workflow: &Workflow) -> Vec<Finding> {
    let scripts = workflow.steps().flat_map(|step| {
        // actions/github-script takes its script as an input.
        [step.get("run"), step.at(&["with", "script"])].into_iter().flatten()
    });
    scripts.flat_map(|script| injected(workflow, script)).collect()
}

fn injected(workflow: &Workflow, script: &Node) -> Vec<Finding> {
    let (Some(text), Some(expression)) = (script.text(), &*EXPRESSION) else { return Vec::new() };
    let untrusted = expression.captures_iter(text).filter_map(|found| untrusted(&found[1]));
    untrusted
        .map(|name| {
            found(
                &workflow.path,
                script.line,
                format!("`${{{{ {name} }}}}` is pasted into a script; hand it over in `env:`"),
            )
        })
        .collect()
}

/// The untrusted value that an expression names, if it names one.
fn untrusted(expression: &str) -> Option<String> {
    let context = CONTEXT.as_ref()?;
    let names =
        context.find_iter(expression).map(|name| name.as_str().split_whitespace().collect::<String>());
    names.into_iter().find(|name| {
        let last = name.rsplit(['.', '[']).next().unwrap_or_default();
        !MADE_BY_THE_SERVICE.contains(&last.trim_matches(['\'', '"', ']']))
    })
}

#[cfg(test)]
mod tests {
    use super::untrusted;

    #[test]
    fn free_text_of_strangers_is_told_from_what_the_service_makes() {
        for bad in [
            "github.event.issue.title",
            " github.event.pull_request.head.ref ",
            "github.head_ref",
            "format('x {0}', github.event.comment.body)",
            "github.event['issue']['body']",
            "github.event.commits.*.message",
            "GITHUB.EVENT.PAGES[0].page_name",
        ] {
            assert!(untrusted(bad).is_some(), "{bad}");
        }
        for good in [
            "github.event.pull_request.number",
            "github.sha",
            "github.event.pull_request.head.sha",
            "inputs.name",
            "github.event_name",
        ] {
            assert_eq!(untrusted(good), None, "{good}");
        }
    }
}
