//! The map of what can be used: every capability, and a reason for each that is off, the same wherever it is told (CAP-1).

use serde_json::Value;

use crate::{
    check::{
        Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.capabilities",
    title: "The capability map is complete, with a reason for whatever is off",
    promises: &["CAP-1", "CFG-7"],
    priority: Priority::P0,
    references: &[Reference::Asvs("15.2.3"), Reference::Cwe(684)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody("\"reason\":\"", "\"because\":\"")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const CAPABILITIES: &[&str] = &[
    "google_oauth",
    "apple_oauth",
    "passkey",
    "email_code",
    "password",
    "billing",
    "wallet",
    "purchases",
    "listings",
    "messages",
    "concierge",
    "documents",
    "ocr",
    "tenants",
    "notes",
    "social_login",
    "test_login",
];

async fn run(probe: Probe) -> Outcome {
    let config = probe.client.get("/v1/config").patiently().expect(200).await?.json();
    let health = probe.client.get("/health").expect(200).await?.json();
    ensure(config.get("capabilities") == health.get("capabilities"), || {
        "/health and /v1/config tell different maps".to_owned()
    })?;
    let map = health.get("capabilities").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in CAPABILITIES {
        ensure(map.contains_key(*name), || format!("{name} is not in the map"))?;
    }
    for operation in probe.operations()? {
        let is_known = operation.capability.as_ref().is_none_or(|name| map.contains_key(name));
        ensure(is_known, || {
            format!("{} needs {:?}, which is not in the map", operation.name(), operation.capability)
        })?;
    }
    let mut off = 0;
    for (name, state) in &map {
        let reason = state.get("reason").and_then(Value::as_str).unwrap_or_default();
        match state.get("enabled").and_then(Value::as_bool) {
            Some(true) => {
                ensure(reason.is_empty(), || format!("{name} is on, and yet has a reason: {reason}"))?
            }
            Some(false) => {
                off += 1;
                ensure(reason.split_whitespace().count() > 1, || {
                    format!("{name} is off without a reason: {reason:?}")
                })?;
            }
            None => return Err(Ended::fail(format!("{name} is neither on nor off: {state}"))),
        }
    }
    passed(format!("{} capabilities, {off} off with a reason", map.len()))
}
