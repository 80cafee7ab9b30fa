//! The older way to guard a branch (branch protection), told in the words of the newer one (rulesets), so that either is enough.

use serde_json::{Value, json};

use super::Service;
use crate::check::Ended;

/// What is in force on a branch.
pub(super) struct InForce {
    /// As rulesets tell it: `type` and `parameters`.
    pub(super) rules: Vec<Value>,
    /// Administrators may pass a branch protection by that the rules depend on.
    pub(super) exempts_administrators: bool,
}

impl InForce {
    pub(super) fn has(&self, kind: &str) -> bool {
        self.of_kind(kind).next().is_some()
    }

    /// The parameters of each rule of a kind.
    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        const NONE: &Value = &Value::Null;
        let rules =
            self.rules.iter().filter(move |rule| rule.get("type").and_then(Value::as_str) == Some(kind));
        rules.map(|rule| rule.get("parameters").unwrap_or(NONE))
    }
}

/// What is in force on the default branch: every ruleset, the organisation's included; and where these leave something open, the
/// branch's protection.
///
/// # Errors
/// When something is left open and the token may not see the protection.
pub(super) async fn in_force(service: &Service, needed: &[&str]) -> Result<InForce, Ended> {
    let branch = service.default_branch().await?;
    let branch =
        url::form_urlencoded::byte_serialize(branch.as_bytes()).collect::<String>().replace('+', "%20");
    let rules = service.list(&format!("rules/branches/{branch}?per_page=100"), "Metadata: read").await?;
    let mut in_force = InForce { rules, exempts_administrators: false };
    if needed.iter().all(|kind| in_force.has(kind)) {
        return Ok(in_force);
    }
    let answer = service.ask(&format!("branches/{branch}/protection")).await?;
    match answer.status {
        200 => {
            let protection = answer.json();
            in_force.rules.extend(as_rules(&protection));
            in_force.exempts_administrators = !is_on(&protection, "enforce_admins");
            Ok(in_force)
        }
        404 => Ok(in_force),
        403 => Err(Ended::Unanswerable(
            "the rulesets leave something open, and the token may not see the branch's protection (it needs \"Administration: read\")"
                .to_owned(),
        )),
        status => Err(Ended::error(format!("the branch's protection answered {status}: {}", answer.said()))),
    }
}

fn is_on(protection: &Value, name: &str) -> bool {
    protection.pointer(&format!("/{name}/enabled")).and_then(Value::as_bool) == Some(true)
}

fn as_rules(protection: &Value) -> Vec<Value> {
    let mut rules = Vec::new();
    let mut rule =
        |kind: &str, parameters: Value| rules.push(json!({ "type": kind, "parameters": parameters }));
    if let Some(reviews) = protection.get("required_pull_request_reviews") {
        rule("pull_request", reviews.clone());
    }
    if let Some(checks) = protection.get("required_status_checks") {
        let contexts = checks.get("contexts").and_then(Value::as_array).into_iter().flatten();
        let contexts = contexts.map(|context| json!({ "context": context })).collect::<Vec<_>>();
        rule("required_status_checks", json!({ "required_status_checks": contexts }));
    }
    if is_on(protection, "required_signatures") {
        rule("required_signatures", Value::Null);
    }
    for (allowing, kind) in [("allow_force_pushes", "non_fast_forward"), ("allow_deletions", "deletion")] {
        if !is_on(protection, allowing) {
            rule(kind, Value::Null);
        }
    }
    rules
}
