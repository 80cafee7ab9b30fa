//! Fields have lengths, lists have counts, pages have sizes: one more than the configuration tells is refused (SEC-7).

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.field-limits",
    title: "A field, list or page one over its bound is refused, at its bound taken",
    promises: &["SEC-7", "CFG-7"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.2.1"),
        Reference::Asvs("2.2.2"),
        Reference::Cwe(770),
        Reference::Cwe(1284),
        Reference::Api(4),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("field_limits"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let limit = |name: &str| {
        let value = probe.target.config.pointer(&format!("/limits/{name}")).and_then(Value::as_u64);
        let value = value.and_then(|value| usize::try_from(value).ok());
        value.ok_or_else(|| Ended::fail(format!("GET /v1/config does not tell limits.{name}")))
    };
    let label = limit("label_chars_max")?;
    let (text, tags, tag) =
        (limit("note_text_chars_max")?, limit("note_tags_max")?, limit("note_tag_chars_max")?);
    // A character of two bytes: bounds count characters.
    let word = |length: usize| "é".repeat(length);
    let words = |count: usize| (0..count).map(|number| format!("tag {number}")).collect::<Vec<_>>();
    let cases: Vec<(Method, &str, Option<&str>, Value, Value)> = vec![
        (
            Method::PATCH,
            "/v1/me",
            None,
            json!({ "display_name": word(label) }),
            json!({ "display_name": word(label + 1) }),
        ),
        (Method::PATCH, "/v1/me", None, json!({ "language": "en" }), json!({ "language": word(label) })),
        (
            Method::POST,
            "/v1/tenants",
            Some("tenants"),
            json!({ "name": word(label) }),
            json!({ "name": word(label + 1) }),
        ),
        (Method::POST, "/v1/tenants", Some("tenants"), json!({ "name": "n" }), json!({ "name": "" })),
        (
            Method::POST,
            "/v1/notes",
            Some("notes"),
            json!({ "text": word(text) }),
            json!({ "text": word(text + 1) }),
        ),
        (
            Method::POST,
            "/v1/notes",
            Some("notes"),
            json!({ "text": "t", "tags": words(tags) }),
            json!({ "text": "t", "tags": words(tags + 1) }),
        ),
        (
            Method::POST,
            "/v1/notes",
            Some("notes"),
            json!({ "text": "t", "tags": [word(tag)] }),
            json!({ "text": "t", "tags": [word(tag + 1)] }),
        ),
    ];
    let mut seen = 0;
    for (method, path, capability, within, beyond) in cases {
        if capability.is_some_and(|name| probe.target.why_off(name).is_some()) {
            continue;
        }
        let taken = member
            .call(method.clone(), path)
            .purpose("at the bound")
            .json(&within)
            .patiently()
            .send()
            .await?;
        ensure(taken.is_success(), || {
            format!("{method} {path} at its bound answered {} {}", taken.status, taken.said())
        })?;
        let refused =
            member.call(method.clone(), path).purpose("one over").json(&beyond).patiently().send().await?;
        ensure(refused.status == 422, || {
            format!("{method} {path} beyond its bound answered {}", refused.status)
        })?;
        ensure(refused.json().pointer("/errors/0/field").is_some(), || {
            format!("{method} {path} does not name the field")
        })?;
        seen += 1;
    }
    if probe.target.why_off("notes").is_none() {
        let most = limit("page_items_max")?;
        for wrong in [
            (most + 1).to_string(),
            "0".to_owned(),
            "-1".to_owned(),
            "4294967296".to_owned(),
            "99999999999999999999".to_owned(),
        ] {
            let answer = member.get(&format!("/v1/notes?limit={wrong}")).patiently().send().await?;
            let shown = answer.json().get("items").and_then(Value::as_array).map_or(0, Vec::len);
            let is_bounded = matches!(answer.status, 400 | 422) || answer.status == 200 && shown <= most;
            ensure(is_bounded, || {
                format!("a page of {wrong} items answered {} with {shown}", answer.status)
            })?;
            seen += 1;
        }
    }
    passed(format!("{seen} bounds"))
}
