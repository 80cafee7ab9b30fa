//! What a deployment says about its own address comes from its configuration: a request's host can't send a victim elsewhere.

use serde_json::json;

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call},
    code_flow,
    members::mailbox::{self, Mail},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.configured-links",
    title: "Spoofed hosts get into no link, redirect, mail or ceremony",
    promises: &["T-ID-14"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("4.1.3"),
        Reference::Cwe(644),
        Reference::Cwe(640),
        Reference::Advisory("GHSA-3529-5m8x-rpv3"),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("configured_links"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const EVIL: &str = "evil.example";

async fn run(probe: Probe) -> Outcome {
    let mut asked = 0;
    for spoof in [&HOST[..], &FORWARDED[..]] {
        for path in ["/v1/config", "/v1/openapi.json", "/docs"] {
            clean(&spoofed(probe.client.get(path), spoof).send().await?, path)?;
            asked += 1;
        }
        for provider in ["google", "apple"] {
            if probe.target.why_off(&format!("{provider}_oauth")).is_none() {
                let path = format!("/v1/auth/{provider}/start");
                clean(&spoofed(probe.browser().get(&path), spoof).patiently().send().await?, &path)?;
                asked += 1;
            }
        }
        if probe.target.why_off("google_oauth").is_none() {
            let path = "/v1/auth/google/callback?state=x&code=y";
            clean(&spoofed(probe.browser().get(path), spoof).patiently().send().await?, path)?;
            asked += 1;
        }
        if probe.target.why_off("passkey").is_none() {
            let call = probe.client.post("/v1/auth/passkey/register/start").json(&json!({}));
            clean(&spoofed(call, spoof).patiently().send().await?, "a passkey ceremony")?;
            asked += 1;
        }
        asked += mails(&probe, spoof).await?;
    }
    passed(format!("{asked} answers and mails named no spoofed host"))
}

/// Headers that say which host was asked.
const HOST: [(&str, &str); 1] = [("host", EVIL)];
const FORWARDED: [(&str, &str); 5] = [
    ("x-forwarded-host", EVIL),
    ("x-forwarded-proto", "https"),
    ("x-original-host", EVIL),
    ("x-host", EVIL),
    ("forwarded", "host=evil.example;proto=https"),
];

fn spoofed(call: Call, headers: &[(&str, &str)]) -> Call {
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

fn clean(answer: &Answer, what: &str) -> Result<(), Ended> {
    ensure(answer.status < 500, || format!("{what} answers {}", answer.status))?;
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        ensure(!value.contains(EVIL), || format!("{what}: the header {name} says {value}"))?;
    }
    ensure(!answer.body_text().contains(EVIL), || format!("{what}: the body names the spoofed host"))
}

/// Has mails sent by spoofed requests, where they can be read: a code, and a notice with a link.
async fn mails(probe: &Probe, spoof: &[(&str, &str)]) -> Result<usize, Ended> {
    let Some(mailbox) = probe.world.mailbox.clone() else { return Ok(0) };
    if probe.target.why_off("email_code").is_some() || probe.world.members.are_lent() {
        return Ok(0);
    }
    let address = mailbox.address(&probe.world.members.name()?);
    let start = spoofed(probe.browser().post("/v1/auth/email/start"), spoof).patiently();
    let answer = start.json(&json!({ "email": address, "language": "en" })).send().await?;
    clean(&answer, "asking for a code")?;
    let mut read = 0;
    if answer.is_success() {
        innocent(&mailbox::next(&*mailbox, &address, 0).await?)?;
        read += 1;
    }
    if probe.target.why_off("passkey").is_none() {
        let member = probe.member().await?;
        let address = mailbox.address(&probe.world.members.name()?);
        code_flow::change_address(&member, &*mailbox, &address).await?;
        let already = mailbox.mails(&address).await?.len();
        let ceremony = ceremony::add(&member).await?;
        let credential = ceremony.create(&mut Authenticator::new()?, &Lie::default())?;
        let finish = spoofed(ceremony.register_finish(&credential), spoof).patiently().send().await?;
        if finish.is_success() {
            innocent(&mailbox::next(&*mailbox, &address, already).await?)?;
            read += 1;
        }
    }
    Ok(read)
}

fn innocent(mail: &Mail) -> Result<(), Ended> {
    let is_evil = mail.text.contains(EVIL) || mail.subject.contains(EVIL);
    ensure(!is_evil, || format!("the mail {:?} names the spoofed host", mail.subject))
}
