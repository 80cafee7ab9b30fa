//! What everybody may read holds nothing that opens a door: looked for by names, forms and entropy.

use super::secrets;
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.no-secrets",
    title: "Nothing that everybody may read looks like a secret",
    promises: &["CFG-7", "CFG-2"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("13.3.1"),
        Reference::Asvs("16.5.1"),
        Reference::Cwe(200),
        Reference::Cwe(522),
        Reference::Api(8),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("config_secrets"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Public by their nature: ids of clients at providers, and the id of the key that everybody may verify with.
const KNOWN: &[&str] = &["/client_id", "/checks/key_ring/detail"];

async fn run(probe: Probe) -> Outcome {
    let mut texts = 0;
    for path in ["/v1/config", "/v1/public/config", "/health", "/ready", "/readyz"] {
        let answer = probe.client.get(path).patiently().send().await?;
        let suspects = secrets::suspects(&answer.json(), KNOWN);
        ensure(suspects.is_empty(), || format!("{path}: {}", suspects.join(", ")))?;
        texts += 1;
    }
    for path in ["/", "/docs", "/v1/openapi.json"] {
        let answer = probe.client.get(path).patiently().send().await?;
        let text = answer.body_text();
        let found = text.lines().find_map(|line| secrets::suspicion("", line));
        ensure(found.is_none(), || {
            format!("{path}: something looks like a secret ({})", found.unwrap_or_default())
        })?;
        texts += 1;
    }
    let keys = probe.client.get("/.well-known/jwks.json").patiently().send().await?.json();
    for key in keys.pointer("/keys").and_then(serde_json::Value::as_array).into_iter().flatten() {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            ensure(key.get(private).is_none(), || format!("the key set shows the private part {private}"))?;
        }
    }
    passed(format!("{texts} texts and the key set"))
}
