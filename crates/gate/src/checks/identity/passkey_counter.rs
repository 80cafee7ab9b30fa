//! Signature counters: 0 stays 0 for synced passkeys; a counter that does not rise is a second copy of the key (WebAuthn, 6.1.1).

use crate::{
    authenticator::Lie,
    ceremony,
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::unauthorised,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.passkey-counter",
    title: "A passkey whose counter does not rise is noticed, and one without a counter is not",
    promises: &["T-ID-10"],
    priority: Priority::P1,
    references: &[Reference::Asvs("6.3.3"), Reference::Cwe(294)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("passkey_counter"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let (synced, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let (counting, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let browser = probe.browser();
    let at = |counter| Lie { counter, ..Lie::default() };
    for turn in ["first", "second", "third"] {
        let answer =
            ceremony::try_sign_in(&browser, &synced, &at(0), "a synced passkey counts nothing").await?;
        ensure(answer.status == 200, || {
            format!("the {turn} sign-in with counter 0 answers {}", answer.status)
        })?;
    }
    for (counter, is_right) in [(5, true), (5, false), (4, false), (0, false), (6, true)] {
        let what = format!("a sign-in with counter {counter}");
        let answer = ceremony::try_sign_in(&browser, &counting, &at(counter), &what).await?;
        if is_right {
            ensure(answer.status == 200, || format!("{what} answers {}: {}", answer.status, answer.said()))?;
        } else {
            unauthorised(&answer, &what)?;
        }
    }
    passed("0 passed three times; 5 after 5, 4 and 0 were refused, and 6 passed")
}
