//! What a client needs to know, complete, the same for everybody and kept by caches for a while (CFG-7).

use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.public",
    title: "The public configuration is complete, the same for everybody, and cacheable",
    promises: &["CFG-7"],
    priority: Priority::P1,
    references: &[Reference::Asvs("14.2.2"), Reference::Cwe(525), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody("\"api_bases\"", "\"bases\"")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let first = probe.client.get("/v1/config").patiently().expect(200).await?;
    let config = first.json();
    let has = |pointer: &str, holds: fn(&Value) -> bool| {
        ensure(config.pointer(pointer).is_some_and(holds), || {
            format!("{pointer} is {:?}", config.pointer(pointer))
        })
    };
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    has("/api_bases", |bases| bases.as_array().is_some_and(|bases| !bases.is_empty()))?;
    has("/environment", |word| matches!(word.as_str(), Some("dev" | "staging" | "prod")))?;
    has("/version", is_text)?;
    has("/capabilities", |map| map.as_object().is_some_and(|map| !map.is_empty()))?;
    has("/providers/google", Value::is_object)?;
    has("/providers/apple", Value::is_object)?;
    has("/passkey/rp_id", is_text)?;
    has("/languages", |languages| languages.as_array().is_some_and(|languages| !languages.is_empty()))?;
    has("/limits/body_bytes_max", Value::is_u64)?;
    for base in config["api_bases"].as_array().into_iter().flatten() {
        let base = base.as_str().and_then(|text| url::Url::parse(text).ok());
        let is_fit = base.as_ref().is_some_and(|base| base.scheme() == "https" || !probe.target.is_strict());
        ensure(is_fit, || format!("an API base is {base:?}"))?;
    }

    let said = first.header("cache-control").unwrap_or_default();
    ensure(said.contains("public") && said.contains("max-age="), || format!("cache-control: {said:?}"))?;
    ensure(first.all("set-cookie").is_empty(), || "a cacheable answer sets a cookie".to_owned())?;
    let tag = first.header("etag").unwrap_or_default().to_owned();
    let again = probe.client.get("/v1/config").header("if-none-match", &tag).patiently().send().await?;
    ensure(again.status == 304 && again.body.is_empty(), || {
        format!("the same tag answered {}", again.status)
    })?;

    let other = probe.client.get("/v1/public/config").patiently().expect(200).await?;
    ensure(other.body == first.body, || "/v1/public/config is not the same as /v1/config".to_owned())?;
    let mut whose = "complete, equal at both addresses, with a tag and an age".to_owned();
    if probe.world.members.can_make() {
        let theirs = probe.member().await?.get("/v1/config").patiently().expect(200).await?;
        ensure(theirs.body == first.body, || {
            "a member gets another configuration, though caches share it".to_owned()
        })?;
        whose.push_str("; the same for a member");
    }
    passed(whose)
}
