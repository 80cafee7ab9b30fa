//! A challenge belongs to the browser that asked for it and to one ceremony: an attacker's can't be finished by a victim, nor the other way round.

use serde_json::json;

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::{refused, unauthorised},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.challenge-binding",
    title: "A passkey challenge of another browser or ceremony is refused",
    promises: &["T-ID-11"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.6.2"), Reference::Cwe(384), Reference::Cwe(352), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("challenge_binding"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let (passkey, _) = ceremony::add_passkey(&member, &Lie::default()).await?;

    let (mine, other) = (probe.browser(), probe.browser());
    let ceremony = ceremony::sign_in(&mine).await?;
    ceremony::sign_in(&other).await?;
    let assertion = ceremony.get(&passkey, &Lie::default())?;
    let what = "a challenge of another browser";
    let elsewhere = ceremony.at(&other).sign_in_finish(&assertion).purpose(what).send().await?;
    unauthorised(&elsewhere, what)?;

    let ceremony = ceremony::sign_in(&mine).await?;
    let assertion = ceremony.get(&passkey, &Lie::default())?;
    let what = "a challenge without the browser's cookie";
    let bare = ceremony.at(&probe.browser()).sign_in_finish(&assertion).purpose(what).send().await?;
    unauthorised(&bare, what)?;

    let (first, second) = (ceremony::sign_in(&mine).await?, ceremony::sign_in(&mine).await?);
    let assertion = first.get(&passkey, &Lie::default())?;
    let what = "an answer to another ceremony's challenge";
    unauthorised(&second.sign_in_finish(&assertion).purpose(what).send().await?, what)?;
    first.sign_in_finish(&assertion).purpose("the right ceremony").expect(200).await?;

    let anonymous = probe.browser();
    let sign_up = ceremony::register(&anonymous, &json!({})).await?;
    member.jar.add(&anonymous.jar);
    let credential = sign_up.create(&mut Authenticator::new()?, &Lie::default())?;
    let body = json!({ "ceremony_id": sign_up.id, "credential": credential });
    let what = "a sign-up's challenge, finished by a signed-in member";
    refused(&member.post("/v1/auth/passkey/register/finish").purpose(what).json(&body).send().await?, what)?;
    passed("another browser, no cookie, another ceremony and another kind of it were refused")
}
