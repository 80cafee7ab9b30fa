//! Twenty tabs refresh at the same moment: nobody is logged out, and the session goes on in one generation.

use futures::future::try_join_all;
use std::collections::BTreeSet;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.refresh-parallel",
    title: "Refreshes at the same moment all get the same successor",
    promises: &["SES-2", "T-ID-17"],
    priority: Priority::P0,
    references: &[Reference::Asvs("10.4.5"), Reference::Cwe(362)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refresh_grace"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let calls = (0..limits::AT_ONCE).map(|_| member.refresh_call().purpose("one of many tabs").send());
    let answers = try_join_all(calls).await?;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    ensure(statuses.iter().all(|status| *status == 200), || format!("the answers are {statuses:?}"))?;
    let mut successors = BTreeSet::new();
    for answer in &answers {
        successors.insert(answer.text_at("/refresh_token")?);
    }
    ensure(successors.len() == 1, || format!("there are {} successors", successors.len()))?;
    for answer in &answers {
        let me = member.get("/v1/auth/me").without("authorization");
        let me =
            me.header("authorization", format!("Bearer {}", answer.text_at("/access_token")?)).send().await?;
        ensure(me.status == 200, || format!("one of the new access tokens answers {}", me.status))?;
    }
    member.take_tokens(&answers[0]);
    let next = member.refresh().await?;
    ensure(next.status == 200, || format!("the successor answers {}: {}", next.status, next.said()))?;
    passed(format!("{} refreshes at once got one successor, and it works", limits::AT_ONCE))
}
