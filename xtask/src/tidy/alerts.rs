//! Alerts: each is on metrics that the server has, has a test of when it fires, and a section that says what to do.

use std::collections::BTreeSet;

use super::{Finding, Tree};

const FOLDER: &str = "ops/alerts/";
const RUNBOOK: &str = "docs/operating/alerts.md";
const PREFIX: &str = "mainstay_";
/// What the exporter adds to a histogram's name.
const OF_HISTOGRAMS: [&str; 3] = ["_bucket", "_count", "_sum"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let is_rules = |path: &str| path.starts_with(FOLDER) && path.ends_with(".yml");
    let (tests, rules): (Vec<_>, Vec<_>) =
        tree.iter().filter(|(path, _)| is_rules(path)).partition(|(path, _)| path.ends_with(".test.yml"));
    let known = known_metrics(tree);
    let mut findings = Vec::new();
    for (path, text) in rules {
        for (index, line) in text.lines().enumerate() {
            for name in metrics(line) {
                let is_known = known.contains(name)
                    || OF_HISTOGRAMS
                        .iter()
                        .any(|end| name.strip_suffix(end).is_some_and(|n| known.contains(n)));
                if !is_known {
                    findings.push(Finding::new(path, index + 1, format!("no metric is called `{name}`")));
                }
            }
            let Some(alert) = line.trim_start().strip_prefix("- alert: ").map(str::trim) else { continue };
            if !tests.iter().any(|(_, text)| fires(text, alert)) {
                findings.push(Finding::new(path, index + 1, format!("no test has `{alert}` fire")));
            }
            let runbook = tree.text(RUNBOOK).unwrap_or_default();
            if !runbook.lines().any(|line| line.strip_prefix("## ") == Some(alert)) {
                findings.push(Finding::new(path, index + 1, format!("{RUNBOOK} has no section `{alert}`")));
            }
            let link = format!("runbook: {RUNBOOK}#{}", alert.to_lowercase());
            if !text.lines().any(|line| line.trim() == link) {
                findings.push(Finding::new(path, index + 1, format!("`{alert}` lacks `{link}`")));
            }
        }
    }
    findings
}

/// Whether tests expect an alert, not only its absence.
fn fires(tests: &str, alert: &str) -> bool {
    let named = format!("alertname: {alert}");
    let mut lines = tests.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line == named && lines.next() == Some("exp_alerts:") {
            return true;
        }
    }
    false
}

/// The names that the server's own code writes down.
fn known_metrics(tree: &Tree) -> BTreeSet<&str> {
    let is_server = |path: &str| path.starts_with("crates/") && path.contains("/src/");
    let mut known = BTreeSet::new();
    for (_, text) in tree.rust().filter(|(path, _)| is_server(path)) {
        for (at, _) in text.match_indices(&format!("\"{PREFIX}")) {
            let rest = &text[at + 1..];
            known.extend(rest.find('"').map(|end| &rest[..end]));
        }
    }
    known
}

/// The names in a line of a rule; what follows in braces or after `by` is no name of ours.
fn metrics(line: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.split(move |c: char| !is_part(c)).filter(|word| word.starts_with(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::{RUNBOOK, Tree, check};

    const CODE: &str = "gauge!(\"mainstay_queue\").set(1); histogram!(\"mainstay_seconds\").record(1);";
    const RULES: &str = "- alert: QueueLong\n  expr: mainstay_queue > 1 and rate(mainstay_seconds_count[5m]) > 1\n  \
                         annotations:\n    runbook: docs/operating/alerts.md#queuelong\n";
    const TESTS: &str = "- eval_time: 1m\n  alertname: QueueLong\n  exp_alerts:\n    - exp_labels: {}\n";

    fn messages(rules: &str, tests: &str, runbook: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("crates/services/src/a.rs", CODE),
            ("ops/alerts/a.yml", rules),
            ("ops/alerts/a.test.yml", tests),
            (RUNBOOK, runbook),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_alert_that_is_complete_is_fine() {
        assert!(messages(RULES, TESTS, "# Alerts\n## QueueLong\n").is_empty());
    }

    #[test]
    fn an_alert_that_lacks_something_is_found() {
        let section = "## QueueLong\n";
        let found = messages(&RULES.replace("mainstay_queue", "mainstay_queues"), TESTS, section);
        assert_eq!(found, ["ops/alerts/a.yml:2: no metric is called `mainstay_queues`"]);
        let silent = TESTS.replace("exp_alerts:\n", "exp_alerts: []\n");
        assert_eq!(messages(RULES, &silent, section), ["ops/alerts/a.yml:1: no test has `QueueLong` fire"]);
        assert_eq!(messages(RULES, TESTS, "## Queue\n").len(), 1);
        assert_eq!(messages(&RULES.replace("#queuelong", "#queue"), TESTS, section).len(), 1);
    }
}
