//! One address has so many requests: headers tell how many are left, and what is beyond is refused with the time to wait (SEC-4).

use serde_json::json;

use super::quota::{self, Quota};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.rate-limit",
    title: "An address that asks too often is refused, and told when to come back",
    promises: &["SEC-4"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.4.1"),
        Reference::Asvs("6.3.1"),
        Reference::Cwe(770),
        Reference::Cwe(799),
        Reference::Api(4),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Guard("rate_limit"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mut noted = Vec::new();
    for operation in probe.operations()? {
        // The headers are there before anything is refused.
        if operation.method != reqwest::Method::GET || matches!(operation.class.as_str(), "" | "unlimited") {
            continue;
        }
        let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        let answer = probe.client.get(&path).patiently().send().await?;
        let quota = Quota::told(&answer)?;
        ensure(quota.class == operation.class, || {
            format!("{path} counts as {}, not {}", quota.class, operation.class)
        })?;
        ensure(quota::remaining(&answer).is_some(), || {
            format!("{path} does not tell what is left: no ratelimit")
        })?;
    }
    // The door that guessers use, and what everybody may read.
    let (door, reading) = (probe.another_client()?, probe.another_client()?);
    let guess = || door.post("/v1/auth/email/finish").json(&json!({}));
    let read = || reading.get("/v1/public/config");
    for (what, (quota, answers)) in [("signing in", fill(guess).await?), ("public reads", fill(read).await?)]
    {
        let refused = answers.iter().find(|answer| answer.status == 429);
        let Some(refused) = refused else {
            let sent = answers.len();
            return Err(Ended::fail(format!(
                "{what}: {sent} requests at once were let through a quota of {}",
                quota.limit
            )));
        };
        well_refused(what, refused)?;
        noted.push(format!("{what}: {} of {} refused", quota::refused(&answers), answers.len()));
    }
    passed(noted.join("; "))
}

/// Goes just beyond the quota that a call is counted against.
async fn fill(call: impl Fn() -> Call) -> Result<(Quota, Vec<Answer>), Ended> {
    let quota = Quota::of(&call().purpose("what is the quota?").send().await?)?;
    let answers = quota::burst((0..quota.beyond()).map(|_| call()).collect()).await?;
    Ok((quota, answers))
}

fn well_refused(what: &str, refused: &Answer) -> Result<(), Ended> {
    let wait = refused.header("retry-after").and_then(|text| text.parse::<u64>().ok());
    ensure(wait.is_some_and(|seconds| (1..=3_600).contains(&seconds)), || {
        format!("{what}: Retry-After is {:?}", refused.header("retry-after"))
    })?;
    ensure(refused.code() == "rate_limited", || format!("{what}: the code is {:?}", refused.code()))?;
    ensure(quota::remaining(refused) == Some(0), || {
        format!("{what}: refused, and yet ratelimit is {:?}", refused.header("ratelimit"))
    })
}
