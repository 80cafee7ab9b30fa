//! A member ends a session from another device: that one, and all but the one at hand.

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::ends,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.ended-elsewhere",
    title: "A session that was ended from another device is over within a second",
    promises: &["IDN-7", "SES-5", "T-ID-21"],
    priority: Priority::P0,
    references: &[Reference::Asvs("7.5.2"), Reference::Asvs("7.4.1"), Reference::Cwe(613)],
    needs: &[Need::Disposable],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("session_state"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let at_hand = probe.bearer_member().await?;
    let lost = probe.again(&at_hand).await?;
    let me = lost.get("/v1/auth/me").purpose("the lost device's session lives").expect(200).await?;
    let path = format!("/v1/me/sessions/{}", me.text_at("/session/id")?);
    at_hand.delete(&path).purpose("the member ends the lost device's session").expect(204).await?;
    ends(&lost, "the session that was ended by its id").await?;

    let other = probe.again(&at_hand).await?;
    other.get("/v1/auth/me").purpose("another session lives").expect(200).await?;
    at_hand.delete("/v1/me/sessions").purpose("the member ends all others").expect(204).await?;
    ends(&other, "a session that was ended with all others").await?;
    let still = at_hand.get("/v1/auth/me").send().await?;
    ensure(still.status == 200, || format!("the session at hand answers {}", still.status))?;
    passed("one by its id and all others at once; the session at hand lives on")
}
