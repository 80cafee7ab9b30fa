//! What is switched off says so on each of its routes: 503 with the capability and the reason, never a silence or a crash (CAP-2).

use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.capability-off",
    title: "Every route of a capability that is off answers 503 with the capability and the reason",
    promises: &["CAP-2", "IDN-2"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.1"),
        Reference::Asvs("15.2.3"),
        Reference::Cwe(684),
        Reference::Api(9),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("capability_off"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (mut seen, mut off) = (0, std::collections::BTreeSet::new());
    for operation in probe.operations()? {
        let Some(name) = &operation.capability else { continue };
        let Some(reason) = probe.target.why_off(name) else { continue };
        off.insert(name.clone());
        let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        // The sign-in routes have the smallest quota: each is asked from an address of its own.
        let client = if operation.class == "auth" { probe.another_client()? } else { probe.client.clone() };
        let plain = || client.call(operation.method.clone(), &path).patiently();
        let mut calls = vec![("nothing", plain()), ("a token", plain().header("authorization", "Bearer x"))];
        if let Some(body) = &operation.body {
            calls.push(("a body", plain().json(body)));
        }
        let most = if probe.is_scarce(&operation.class) { 1 } else { calls.len() };
        for (what, call) in calls.into_iter().take(most) {
            let answer = call.purpose(what).send().await?;
            let body = answer.json();
            let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
            ensure(answer.status == 503 && answer.code() == "capability_unavailable", || {
                format!("{} with {what} answered {} {}", operation.name(), answer.status, answer.said())
            })?;
            ensure(text("capability") == name && text("reason") == reason, || {
                format!(
                    "{} names {:?} and {:?}, not {name} and {reason:?}",
                    operation.name(),
                    text("capability"),
                    text("reason")
                )
            })?;
            seen += 1;
        }
    }
    if off.is_empty() {
        return Err(Ended::NotApplicable("every capability that has routes is on".to_owned()));
    }
    let names = off.into_iter().collect::<Vec<_>>().join(", ");
    passed(format!("{seen} requests to what is off: {names}"))
}
