//! An old refresh token in other hands: two generations later it is nobody's honest mistake, and the whole family dies.

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::{ends, unauthorised},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.refresh-reuse",
    title: "A re-used refresh token ends its whole family within a second",
    promises: &["SES-2", "T-ID-18"],
    priority: Priority::P0,
    references: &[Reference::Asvs("10.4.5"), Reference::Cwe(294), Reference::Cwe(613), Reference::Api(2)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refresh_reuse"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let thief = member.stolen();
    let mut generations = vec![member.stolen()];
    for _ in 0..2 {
        let answer = member.refresh().await?;
        ensure(answer.status == 200, || format!("an honest refresh answers {}", answer.status))?;
        member.get("/v1/auth/me").expect(200).await?;
        generations.push(member.stolen());
    }
    let reused = thief.refresh_call().purpose("the first token again, two generations later").send().await?;
    unauthorised(&reused, "a refresh token of two generations ago")?;
    for session in &generations {
        ends(session, "a token of the family").await?;
    }
    passed("the old token was refused, and every token of its family died within a second")
}
