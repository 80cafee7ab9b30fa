//! The token before the newest, after the newest was used and the moment of two tabs is over: one of the two holders is a thief.

use tokio::time::sleep;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::{ends, unauthorised},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.refresh-predecessor",
    title: "A predecessor whose successor was used ends the family once two tabs are out of question",
    promises: &["SES-2", "T-ID-18"],
    priority: Priority::P0,
    references: &[Reference::Asvs("10.4.5"), Reference::Cwe(294), Reference::Api(2)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refresh_reuse"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let thief = member.stolen();
    let answer = member.refresh().await?;
    ensure(answer.status == 200, || format!("an honest refresh answers {}", answer.status))?;
    member.get("/v1/auth/me").purpose("the successor is used").expect(200).await?;
    sleep(limits::BEYOND_GRACE).await;
    let reused = thief.refresh_call().purpose("the predecessor, after its successor was used").send().await?;
    unauthorised(&reused, "the predecessor of a used refresh token")?;
    ends(&member, "the successor").await?;
    ends(&thief, "the predecessor").await?;
    passed("the predecessor was refused, and the family died within a second")
}
