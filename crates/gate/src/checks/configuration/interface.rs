//! The description of the interface is served, is OpenAPI 3.1, and describes each operation so that a program can use it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.openapi",
    title: "The OpenAPI document is served, is 3.1 and complete",
    promises: &["SEC-8"],
    priority: Priority::P1,
    references: &[Reference::Asvs("4.1.1"), Reference::Cwe(1059), Reference::Api(9)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody("\"openapi\":\"3.1", "\"openapi\":\"2.0")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let answer = probe.client.get("/v1/openapi.json").patiently().expect(200).await?;
    let kind = answer.header("content-type").unwrap_or_default();
    ensure(kind.starts_with("application/json"), || format!("content-type: {kind}"))?;
    let document = answer.json();
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    ensure(version.starts_with("3.1"), || format!("openapi: {version:?}"))?;
    let operations = crate::openapi::operations(&document);
    ensure(!operations.is_empty(), || "no operations".to_owned())?;
    let mut ids = BTreeSet::new();
    for operation in &operations {
        ensure(!operation.id.is_empty() && ids.insert(&operation.id), || {
            format!("{} has no operationId of its own", operation.name())
        })?;
        ensure(!operation.class.is_empty(), || {
            format!("{} does not say whose quota it counts against", operation.name())
        })?;
        ensure(operation.body_bytes_max.is_some(), || {
            format!("{} does not say how large its body may be", operation.name())
        })?;
        let pointer = format!(
            "/paths/{}/{}",
            operation.path.replace('/', "~1"),
            operation.method.as_str().to_ascii_lowercase()
        );
        let own = document.pointer(&pointer).cloned().unwrap_or_default();
        let declared = own.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        for name in &operation.parameters {
            let is_declared = declared
                .iter()
                .any(|parameter| parameter["name"] == name.as_str() && parameter["in"] == "path");
            ensure(is_declared, || format!("{} does not declare {{{name}}}", operation.name()))?;
        }
        let responses = own.get("responses").and_then(Value::as_object).cloned().unwrap_or_default();
        let succeeds = responses.keys().any(|status| status.starts_with('2') || status.starts_with('3'));
        ensure(succeeds && responses.contains_key("default"), || {
            format!("{} does not say how it succeeds and fails", operation.name())
        })?;
    }
    let dangling = dangling(&document);
    ensure(dangling.is_empty(), || format!("references that lead nowhere: {}", dangling.join(", ")))?;
    passed(format!("OpenAPI {version}, {} operations", operations.len()))
}

/// References of a document that lead nowhere in it.
fn dangling(document: &Value) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![document]);
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref")
                    && document.pointer(target.trim_start_matches('#')).is_none()
                {
                    found.push(target.clone());
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_that_lead_nowhere_are_found() {
        let document = serde_json::json!({ "a": { "$ref": "#/b" }, "b": 1, "c": [{ "$ref": "#/d" }] });
        assert_eq!(dangling(&document), ["#/d"]);
    }
}
