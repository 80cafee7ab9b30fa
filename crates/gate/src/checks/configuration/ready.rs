//! Readiness shows how the configuration was judged and how each dependency is, each with its own state and age (CFG-5).

use std::collections::BTreeSet;

use serde_json::Value;

use super::limits;
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.ready",
    title: "Readiness shows the configuration and every dependency with state and age",
    promises: &["CFG-5"],
    priority: Priority::P0,
    references: &[Reference::Asvs("16.5.2"), Reference::Cwe(223)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("ready_details"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const CHECKS: &[&str] = &["configuration", "database", "migrations", "redis", "object_store", "key_ring"];

async fn run(probe: Probe) -> Outcome {
    let mut seen = BTreeSet::new();
    for path in ["/ready", "/readyz"] {
        let answer = probe.client.get(path).patiently().send().await?;
        let body = answer.json();
        let checks = body.get("checks").and_then(Value::as_object).cloned().unwrap_or_default();
        for name in CHECKS {
            ensure(checks.contains_key(*name), || format!("{path} does not show {name}"))?;
        }
        let mut failed = Vec::new();
        for (name, check) in &checks {
            let state = check.get("state").and_then(Value::as_str).unwrap_or_default();
            ensure(matches!(state, "ok" | "failed" | "disabled"), || {
                format!("{path}: {name} has the state {state:?}")
            })?;
            let age = check.get("age_ms").and_then(Value::as_u64);
            ensure(age.is_some_and(|age| age <= limits::READY_AGE_MS_MAX), || {
                format!("{path}: {name} is {age:?} ms old")
            })?;
            let detail = check.get("detail").and_then(Value::as_str).unwrap_or_default();
            ensure(!detail.is_empty(), || format!("{path}: {name} says nothing"))?;
            if state == "failed" {
                failed.push(name.clone());
            }
            seen.insert(name.clone());
        }
        for name in ["configuration", "database", "migrations", "key_ring"] {
            let is_ok =
                checks.get(name).and_then(|check| check.get("state")).and_then(Value::as_str) == Some("ok");
            ensure(is_ok, || format!("{path}: {name} is not ok: {:?}", checks.get(name)))?;
        }
        let (status, word) = if failed.is_empty() { (200, "ready") } else { (503, "unready") };
        let said = body.get("status").and_then(Value::as_str).unwrap_or_default();
        ensure(answer.status == status && said == word, || {
            format!("{path} answered {} {said:?} with failed checks {failed:?}", answer.status)
        })?;
    }
    passed(format!("{} checks, each with state, detail and age", seen.len()))
}
