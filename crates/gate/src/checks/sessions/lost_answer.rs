//! The answer to a refresh is lost on its way: the client has only the old token, and must not be logged out for it.

use tokio::time::sleep;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.lost-answer",
    title: "A refresh whose answer was lost can be repeated",
    promises: &["SES-2", "T-ID-20"],
    priority: Priority::P1,
    references: &[Reference::Asvs("10.4.5"), Reference::Cwe(754)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refresh_grace"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let lost = member.refresh_call().purpose("a refresh whose answer is lost").expect(200).await?;
    sleep(limits::BEYOND_GRACE).await;
    let repeated = member.refresh().await?;
    ensure(repeated.status == 200, || {
        format!("the repeated refresh answers {}: the member is logged out by a lost answer", repeated.status)
    })?;
    let is_same = lost.text_at("/refresh_token")? == repeated.text_at("/refresh_token")?;
    ensure(is_same, || "the repeated refresh made a second successor".to_owned())?;
    member.get("/v1/auth/me").expect(200).await?;
    let next = member.refresh().await?;
    ensure(next.status == 200, || format!("the successor answers {}", next.status))?;
    passed("later than two tabs would come, the same token got the same successor, which works")
}
