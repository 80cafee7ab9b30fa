//! A passkey is two factors only if the authenticator asked for the second one: finger, face or PIN (WebAuthn, 7.2 step 17).

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::verdict::{refused, unauthorised},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.passkey-user-verification",
    title: "Passkeys without user verification or presence are refused",
    promises: &["T-ID-11"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.3.2"), Reference::Asvs("6.3.7"), Reference::Cwe(308), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("passkey_user_verification"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let (passkey, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let browser = probe.browser();
    let unverified = Lie { unverified: true, ..Lie::default() };
    let absent = Lie { unverified: true, absent: true, ..Lie::default() };
    for (what, lie) in [("no user verification", &unverified), ("nobody there", &absent)] {
        unauthorised(&ceremony::try_sign_in(&browser, &passkey, lie, what).await?, what)?;
        let what = format!("a registration with {what}");
        let ceremony = ceremony::add(&member).await?;
        let credential = ceremony.create(&mut Authenticator::new()?, lie)?;
        refused(&ceremony.register_finish(&credential).purpose(&what).patiently().send().await?, &what)?;
    }
    let honest = ceremony::try_sign_in(&browser, &passkey, &Lie::default(), "a verified user").await?;
    if honest.status != 200 {
        return Err(Ended::error(format!("an honest sign-in is refused: {}", honest.said())));
    }
    let ceremony = ceremony::sign_in(&browser).await?;
    let asked = ceremony.options["userVerification"].as_str().unwrap_or_default().to_owned();
    ensure(asked == "required", || format!("the deployment asks authenticators for {asked:?} verification"))?;
    passed("refused at a registration and at a sign-in, and asked for in advance")
}
