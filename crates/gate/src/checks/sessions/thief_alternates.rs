//! Victim and thief refresh in turn, each with what they hold: within five rounds they are found, whoever is faster.

use tokio::time::sleep;

use crate::{
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::{ends, unauthorised},
    limits,
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.thief-alternates",
    title: "A thief who takes turns with the member is found within five rounds",
    promises: &["SES-2", "T-ID-19"],
    priority: Priority::P0,
    references: &[Reference::Asvs("10.4.5"), Reference::Cwe(294), Reference::Api(2)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refresh_reuse"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Rounds within which the two must be found.
const ROUNDS: usize = 5;

async fn run(probe: Probe) -> Outcome {
    let victim = probe.bearer_member().await?;
    let thief = victim.stolen();
    for round in 1..=ROUNDS {
        if is_found(&victim, "the victim's turn").await? {
            return over(&victim, &thief, round).await;
        }
        sleep(limits::BEYOND_GRACE).await;
        if is_found(&thief, "the thief's turn").await? {
            return over(&victim, &thief, round).await;
        }
    }
    Err(Ended::fail(format!("after {ROUNDS} rounds both still hold working tokens")))
}

/// Refreshes and uses the new token; answers whether that was refused.
async fn is_found(holder: &Actor, turn: &str) -> Result<bool, Ended> {
    let answer = holder.refresh_call().purpose(turn).send().await?;
    if answer.status != 200 {
        unauthorised(&answer, turn)?;
        return Ok(true);
    }
    holder.take_tokens(&answer);
    holder.get("/v1/auth/me").purpose("uses the new token").expect(200).await?;
    Ok(false)
}

async fn over(victim: &Actor, thief: &Actor, round: usize) -> Outcome {
    ends(victim, "the victim's session").await?;
    ends(thief, "the thief's session").await?;
    passed(format!("found in round {round}; no token of either works any more"))
}
