//! A credential may be backed up or not for all its life (BE never changes), and what can't be backed up isn't (WebAuthn, 6.1.3).

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::{refused, unauthorised},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.passkey-backup-flags",
    title: "Back-up flags that contradict themselves or change are refused",
    promises: &["T-ID-10"],
    priority: Priority::P1,
    references: &[Reference::Asvs("6.3.3"), Reference::Cwe(345)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("passkey_backup_flags"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let backed_up_without_eligible =
        Lie { backup_eligible: Some(false), backed_up: Some(true), ..Lie::default() };
    let what = "a registration with BS without BE";
    let ceremony = ceremony::add(&member).await?;
    let credential = ceremony.create(&mut Authenticator::new()?, &backed_up_without_eligible)?;
    refused(&ceremony.register_finish(&credential).purpose(what).patiently().send().await?, what)?;

    let bound = Lie { backup_eligible: Some(false), ..Lie::default() };
    let (device_bound, _) = ceremony::add_passkey(&member, &bound).await?;
    let (synced, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let not_yet = Lie { backed_up: Some(false), ..Lie::default() };
    let browser = probe.browser();
    for (passkey, lie, what, is_right) in [
        (&device_bound, &bound, "a device-bound passkey", true),
        (&device_bound, &Lie::default(), "BE that appears", false),
        (&device_bound, &backed_up_without_eligible, "a sign-in with BS without BE", false),
        (&synced, &Lie::default(), "a synced passkey", true),
        (&synced, &not_yet, "a synced passkey that is not backed up at the moment", true),
        (&synced, &bound, "BE that goes away", false),
    ] {
        let answer = ceremony::try_sign_in(&browser, passkey, lie, what).await?;
        if !is_right {
            unauthorised(&answer, what)?;
        } else if answer.status != 200 {
            return Err(Ended::error(format!("{what} is refused: {}", answer.said())));
        }
    }
    passed("BS without BE and both ways of a flipped BE were refused")
}
