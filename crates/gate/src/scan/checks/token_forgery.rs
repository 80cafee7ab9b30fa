//! A token whose signature is not checked lets anybody be anybody (RFC 8725).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::party::Who,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.token-forgery",
    title: "Tokens that nobody signed are refused",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("9.1.1"), Reference::Asvs("9.1.2"), Reference::Cwe(347), Reference::Api(2)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("token-forgery"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let me = stranger.me()?;
    let party = stranger.party(Who::A, &probe.client).await?;
    let Some(token) = party.token.clone() else {
        return Err(Ended::NotApplicable("members have no tokens, only cookies".to_owned()));
    };
    let Some(forged) = forged(&token) else {
        return Err(Ended::NotApplicable(
            "A's token is no JWT, so there is nothing in it to forge".to_owned(),
        ));
    };
    let own = party.get(&me.path).purpose("the right token").patiently().send().await?;
    if !stranger.knows(&own, &party) {
        return Err(Ended::error(format!("A's own token is answered {} at {}", own.status, me.path)));
    }
    for (what, token) in &forged {
        let answer = party.with(token).get(&me.path).purpose(*what).patiently().send().await?;
        ensure(!stranger.knows(&answer, &party), || {
            format!("a token with {what} is taken ({})", answer.status)
        })?;
    }
    passed(format!("{} forged tokens were refused", forged.len()))
}

/// Forgeries of a JWT; nothing if it is none.
fn forged(token: &str) -> Option<Vec<(&'static str, String)>> {
    let parts = token.split('.').collect::<Vec<_>>();
    let [header, payload, signature] = parts.as_slice() else { return None };
    let mut head = read(header)?;
    head.get("alg")?;
    let mut claims = read(payload)?;
    claims.as_object_mut()?.insert("scan".to_owned(), Value::Bool(true));
    let claims = write(&claims);
    let mut forged = Vec::new();
    for (what, none) in
        [("the algorithm none", "none"), ("the algorithm None", "None"), ("the algorithm NONE", "NONE")]
    {
        head["alg"] = Value::String(none.to_owned());
        forged.push((what, format!("{}.{payload}.", write(&head))));
    }
    let mut last = signature.chars().collect::<Vec<_>>();
    let middle = last.len() / 2;
    let at = last.get_mut(middle)?;
    *at = if *at == 'A' { 'B' } else { 'A' };
    forged.push((
        "a changed signature",
        format!("{header}.{payload}.{}", last.into_iter().collect::<String>()),
    ));
    forged.push(("an empty signature", format!("{header}.{payload}.")));
    forged.push(("changed claims under the old signature", format!("{header}.{claims}.{signature}")));
    Some(forged)
}

fn read(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn write(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
