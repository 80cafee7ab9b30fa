//! What one node ends, every other node refuses within a second.

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::ends,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.across-nodes",
    title: "A log-out at one node is known to the others within a second",
    promises: &["SES-5", "T-ID-21"],
    priority: Priority::P0,
    references: &[Reference::Asvs("7.4.1"), Reference::Cwe(613)],
    needs: &[Need::Members, Need::Nodes],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("session_state"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let nodes = &probe.target.nodes;
    for ending in nodes {
        let session = probe.again(&member).await?;
        for node in nodes {
            let there = session.at(&session.client().at(node));
            there.get("/v1/auth/me").purpose(format!("the session lives at {node}")).expect(200).await?;
        }
        let here = session.at(&session.client().at(ending));
        here.post("/v1/auth/logout").purpose(format!("signs out at {ending}")).expect(204).await?;
        for node in nodes {
            let there = session.at(&session.client().at(node));
            ends(&there, &format!("the session at {node}")).await?;
        }
    }
    passed(format!("{} nodes refused what each of the others had ended", nodes.len()))
}
