//! JSON that is nested too deep is refused before anything walks into it (SEC-7).

use super::limits::BRACKETS;
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.json-depth",
    title: "JSON nested deeper than its bound is refused",
    promises: &["SEC-7"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.2.1"),
        Reference::Asvs("15.2.2"),
        Reference::Cwe(674),
        Reference::Cwe(770),
        Reference::Api(4),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("json_depth"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let Some(most) =
        probe.target.config.pointer("/limits/json_depth_max").and_then(serde_json::Value::as_u64)
    else {
        return Err(Ended::fail("GET /v1/config does not tell limits.json_depth_max"));
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(BRACKETS);
    let send = |body: String| {
        // Whoever has no token is refused with 401, but only once the body was read.
        probe.client.post("/v1/auth/refresh").body("application/json", body).patiently().send()
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        // The object around it is a level of its own.
        for (levels, wanted) in [(most - 1, 401), (most, 422), (most * 4, 422), (BRACKETS / open.len(), 422)]
        {
            let inner = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let answer = send(format!("{{\"refresh_token\":null,\"nobody_knows_this\":{inner}}}")).await?;
            ensure(answer.status == wanted, || {
                format!(
                    "{} levels of {open} answered {} where {wanted} was expected: {}",
                    levels + 1,
                    answer.status,
                    answer.said()
                )
            })?;
        }
    }
    let answer = send("[".repeat(BRACKETS)).await?;
    ensure(answer.status == 422, || format!("unclosed brackets answered {}", answer.status))?;
    passed(format!("{most} levels are taken, one more is refused, and so are {BRACKETS}"))
}
