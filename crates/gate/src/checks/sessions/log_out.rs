//! After a log-out, the access token that the session had opens nothing, though it would live on for minutes.

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.log-out",
    title: "A log-out ends the access token with the session",
    promises: &["SES-5", "T-ID-21"],
    priority: Priority::P0,
    references: &[Reference::Asvs("7.4.1"), Reference::Cwe(613), Reference::Api(2)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("session_state"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let thief = member.stolen();
    member.get("/v1/auth/me").purpose("the session lives").expect(200).await?;
    member.post("/v1/auth/logout").purpose("the member signs out").expect(204).await?;
    let after = thief.get("/v1/auth/me").purpose("the old access token is used again").send().await?;
    ensure(after.status == 401, || format!("the old access token still answers {}", after.status))?;
    let refreshed = thief.refresh().await?;
    ensure(refreshed.status == 401, || format!("the old refresh token still answers {}", refreshed.status))?;
    passed("the access and the refresh token were refused at once")
}
