//! Session fixation: a sign-in never goes on with what the browser brought along.

use crate::{
    authenticator::Lie,
    ceremony,
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::ends,
    client::Device,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.renewal",
    title: "A sign-in opens a new session and ends the one that the browser had",
    promises: &["SES-2", "T-ID-22"],
    priority: Priority::P0,
    references: &[Reference::Asvs("7.2.4"), Reference::Cwe(384), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("session_renewal"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let (passkey, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let before = member.get("/v1/auth/me").expect(200).await?.text_at("/session/id")?;
    let old = member.stolen();

    let browser = Device::of(&member);
    let purpose = "signs in again in the same browser";
    let answer = ceremony::try_sign_in(&browser, &passkey, &Lie::default(), purpose).await?;
    ensure(answer.status == 200, || format!("the sign-in answers {}", answer.status))?;
    let after = answer.text_at("/member/session/id")?;
    ensure(after != before, || "the session has the same id as before the sign-in".to_owned())?;
    for name in ["_access", "_refresh", "_session"] {
        let is_new = old.jar.ending_with(name) != browser.jar.ending_with(name);
        ensure(is_new, || format!("the cookie {name} is the same as before the sign-in"))?;
    }
    ends(&old, "the session from before the sign-in").await?;

    let planted = probe.browser();
    for name in ["_access", "_refresh", "_session"] {
        if let Some((name, value)) = old.jar.ending_with(name) {
            planted.jar.set(&name, &value);
        }
    }
    let purpose = "signs in in a browser with planted cookies";
    let answer = ceremony::try_sign_in(&planted, &passkey, &Lie::default(), purpose).await?;
    ensure(answer.status == 200, || format!("planted cookies keep the member out: {}", answer.status))?;
    let session = answer.text_at("/member/session/id")?;
    ensure(session != before && session != after, || "a planted session was gone on with".to_owned())?;
    passed("new id, new cookies, and the old session was over")
}
