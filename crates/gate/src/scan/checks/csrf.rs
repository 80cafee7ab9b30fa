//! A form on another site sends the member's cookies along; the service must notice that the request is not its own page's.

use serde_json::json;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::{
        fill::{self, Values},
        party::{Carrier, Party, Who},
        stranger::unique,
        surface,
        target_file::Object,
    },
};

pub(crate) static CHECK: Check = Check {
    id: "scan.csrf",
    title: "A request of another site in the member's name changes nothing",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.5.1"), Reference::Asvs("3.5.2"), Reference::Cwe(352)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("csrf"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let object = stranger.object()?;
    if !stranger.file.sign_in.as_ref().is_some_and(|sign_in| sign_in.cookies) {
        return Err(Ended::NotApplicable(
            "members' sessions are not in cookies (sign_in.cookies)".to_owned(),
        ));
    }
    let party = stranger.party(Who::A, &probe.client).await?.by(Carrier::Cookies);
    // If its own page's request fails, a forged one tells nothing.
    stranger.thing(&party).await?;
    let is_sent = crosses_sites(&probe, &party).await?;
    let mut accepted = Vec::new();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=scan", ""]
    {
        let mark = unique();
        let Some(body) = body(object, &party.values(&[("unique", &mark)]), kind) else { continue };
        let path = fill::text(&object.create.path, &party.values(&[]));
        let forged = probe
            .client
            .call(fill::method(&object.create)?, &path)
            .jar(&party.jar.copy())
            .header("origin", "https://scan-evil.example")
            .header("referer", "https://scan-evil.example/win")
            .header("sec-fetch-site", "cross-site")
            .body(kind, body)
            .purpose(format!(
                "a page of another site sends {}",
                if kind.is_empty() { "a body without a type" } else { kind }
            ));
        let answer = forged.patiently().send().await?;
        if answer.is_success() {
            stranger.take_thing(&party, &answer, &mark);
            accepted.push(if kind.is_empty() { "a body without a type" } else { kind });
        }
    }
    if accepted.is_empty() {
        return passed("forged requests of every kind that a form can send were refused");
    }
    let accepted = accepted.join(", ");
    ensure(!is_sent, || {
        format!(
            "a request from https://scan-evil.example made an object in the member's name ({accepted}), and the session cookie is sent across sites"
        )
    })?;
    probe.note(format!(
        "forged requests are taken ({accepted}); only SameSite of the cookie keeps browsers from sending them"
    ));
    passed("browsers do not send the cookie across sites; that is all that stands in the way (see the notes)")
}

/// Whether browsers send the session to a request of another site: every cookie that it takes.
async fn crosses_sites(probe: &Probe, party: &Party) -> Result<bool, Ended> {
    for cookie in &party.cookies {
        if !cookie.crosses_sites() && surface::carries_session(probe, party, &cookie.name).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The body of the object's request as a form on another site could send it.
fn body(object: &Object, values: &Values<'_>, kind: &str) -> Option<Vec<u8>> {
    let fields = match (&object.create.json, &object.create.form) {
        (Some(template), _) => fill::json(template, values),
        (None, Some(fields)) => {
            fields.iter().map(|(name, value)| (name.clone(), json!(fill::text(value, values)))).collect()
        }
        (None, None) => return Some(Vec::new()),
    };
    if matches!(kind, "text/plain" | "") {
        return Some(fields.to_string().into_bytes());
    }
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields = fields.as_object()?.iter().map(|(name, value)| (name, text(value)));
    if kind.starts_with("multipart/") {
        let part = |(name, value): (&String, String)| {
            format!("--scan\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        return Some(format!("{}--scan--\r\n", fields.map(part).collect::<String>()).into_bytes());
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, &value);
    }
    Some(form.finish().into_bytes())
}
