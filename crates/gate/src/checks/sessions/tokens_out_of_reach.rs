//! Browsers get their tokens in cookies only: nothing that a page's script can read may hold one.

use serde_json::Value;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, Tamper, ensure,
        passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.tokens-out-of-reach",
    title: "No answer to a browser holds a token that scripts could read",
    promises: &["SES-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("10.1.1"), Reference::Asvs("3.3.4"), Reference::Cwe(522)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody(
        "\"csrf_token\":",
        "\"refresh_token\":\"leaked\",\"csrf_token\":",
    )),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let secrets: Vec<String> = ["_access", "_refresh"]
        .into_iter()
        .filter_map(|end| member.jar.ending_with(end))
        .map(|(_, value)| value)
        .collect();
    if secrets.len() != 2 {
        return Err(Ended::error("the browser has not the cookies of a session"));
    }
    let answers = [
        member.get("/v1/auth/me").expect(200).await?,
        member.get("/v1/auth/csrf").expect(200).await?,
        member.get("/v1/me/sessions").expect(200).await?,
        member.refresh_call().expect(200).await?,
    ];
    for answer in &answers {
        readable(&answer.json(), &secrets)?;
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let is_held =
                name != "set-cookie" && secrets.iter().any(|secret| value.contains(secret.as_str()));
            ensure(!is_held, || format!("the header {name} holds a token"))?;
        }
    }
    passed(format!("{} answers to a browser were searched", answers.len()))
}

/// Fails at a field of a token's name, and at a value that is one or looks like one.
fn readable(value: &Value, secrets: &[String]) -> Result<(), Ended> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let is_token = ["access_token", "refresh_token", "id_token"].contains(&name.as_str());
            ensure(!is_token || value.is_null(), || format!("the body has a field {name}"))?;
            readable(value, secrets)
        }),
        Value::Array(items) => items.iter().try_for_each(|item| readable(item, secrets)),
        Value::String(text) => {
            let is_token =
                text.starts_with("eyJ") || secrets.iter().any(|secret| text.contains(secret.as_str()));
            ensure(!is_token, || "a value of the body is a token".to_owned())
        }
        _ => Ok(()),
    }
}
