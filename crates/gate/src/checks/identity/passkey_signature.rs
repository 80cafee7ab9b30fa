//! The signature itself: bent, by another key, for another member, by a credential that nobody registered.

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::verdict::refused,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.passkey-signature",
    title: "Assertions that the registered key did not sign are refused",
    promises: &["T-ID-11"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.3.3"), Reference::Cwe(347), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("passkey_signature"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (member, victim) = (probe.member().await?, probe.member().await?);
    let (passkey, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let (victims, _) = ceremony::add_passkey(&victim, &Lie::default()).await?;
    let browser = probe.browser();
    let stranger = Authenticator::new()?;
    let handle = |handle: String| Lie { user_handle: Some(handle), ..Lie::default() };
    for (what, by, lie) in [
        ("a bent signature", &passkey, Lie { bent_signature: true, ..Lie::default() }),
        ("another key's signature", &passkey, Lie { foreign_key: true, ..Lie::default() }),
        ("another member's handle", &passkey, handle(victims.user_handle())),
        ("no handle", &passkey, handle(String::new())),
        ("a credential that nobody registered", &stranger, handle(victims.user_handle())),
        ("a made-up challenge", &passkey, Lie { challenge: Some("A".repeat(43)), ..Lie::default() }),
    ] {
        let answer = ceremony::try_sign_in(&browser, by, &lie, what).await?;
        refused(&answer, what)?;
    }
    let honest = ceremony::try_sign_in(&browser, &passkey, &Lie::default(), "the right signature").await?;
    if honest.status != 200 {
        return Err(Ended::error(format!("an honest sign-in is refused: {}", honest.said())));
    }
    let id = honest.text_at("/member/id")?;
    ensure(id == member.member_id, || "the sign-in opened another member's session".to_owned())?;
    passed("six lies about key, member and challenge were refused")
}
