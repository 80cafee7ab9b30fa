//! What guards ways in is the last proof of who somebody is; a stolen refresh token must not make itself a recent one.

use tokio::time::sleep;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.recent-sign-in",
    title: "A refresh does not count as a recent sign-in",
    promises: &["IDN-7", "T-ID-12"],
    priority: Priority::P1,
    references: &[Reference::Asvs("7.5.1"), Reference::Asvs("10.3.4"), Reference::Cwe(306)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("recent_sign_in"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let before = member.get("/v1/auth/me").expect(200).await?;
    let signed_in_at = before.text_at("/session/signed_in_at")?;
    sleep(limits::CLOCK_STEP).await;
    for _ in 0..2 {
        let answer = member.refresh().await?;
        if answer.status != 200 {
            return Err(Ended::error(format!("a refresh answers {}", answer.status)));
        }
    }
    let after = member.get("/v1/auth/me").purpose("when the session signed in").expect(200).await?;
    let still = after.text_at("/session/signed_in_at")?;
    ensure(still == signed_in_at, || format!("the sign-in moved from {signed_in_at} to {still}"))?;
    passed("two refreshes later the sign-in is as old as it is")
}
