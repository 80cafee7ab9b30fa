//! Cross-site request forgery: a cookie alone changes nothing, it takes this session's token too (SEC-2).

use super::writes;
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::own_things::{Snapshot, furnish},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.csrf-token",
    title: "A write with a cookie needs the token of its own session",
    promises: &["SEC-2", "T-OP-06"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.5.1"), Reference::Cwe(352), Reference::Api(8)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("csrf_token"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    furnish(&member).await?;
    let other = probe.again(&member).await?;
    let operations = probe.operations()?;
    let writes = writes::of(&probe, &member, &operations).await?;
    let before = Snapshot::take(&member, &operations).await?;
    let own = member.csrf();
    ensure(own != other.csrf(), || "two sessions have the same token".to_owned())?;
    let altered = own.chars().rev().collect::<String>();
    let shapes: [(&str, Vec<String>); 5] = [
        ("no token", vec![]),
        ("an empty token", vec![String::new()]),
        ("another session's token", vec![other.csrf()]),
        ("an altered token", vec![altered.clone()]),
        ("two tokens", vec![altered, own]),
    ];
    for write in &writes {
        for (what, tokens) in &shapes {
            let mut call = write.call(&member).without("x-csrf-token").purpose(*what);
            for token in tokens {
                call = call.header("x-csrf-token", token);
            }
            let answer = call.send().await?;
            ensure(answer.status == 403 && answer.code() == "csrf_refused", || {
                format!("{} with {what} answered {} {}", write.name, answer.status, answer.said())
            })?;
        }
    }
    // What is no token of ours makes the cookie count for no less.
    for scheme in ["Basic eDp5", "Negotiate x", "Bearer", "Token x"] {
        let call = writes[0].call(&member).without("x-csrf-token").header("authorization", scheme);
        let answer = call.purpose("no token, and another scheme").send().await?;
        ensure(answer.status == 403 && answer.code() == "csrf_refused", || {
            format!(
                "{} with authorization: {scheme} answered {} {}",
                writes[0].name,
                answer.status,
                answer.said()
            )
        })?;
    }
    for path in ["/v1/auth/refresh", "/v1/auth/logout"] {
        let answer = member.post(path).without("x-csrf-token").purpose("no token").send().await?;
        ensure(answer.status == 403 && answer.code() == "csrf_refused", || {
            format!("POST {path} without a token answered {} {}", answer.status, answer.said())
        })?;
    }
    let after = Snapshot::take(&member, &operations).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("refused, and yet {}", changed.unwrap_or_default()))?;
    passed(format!("{} writes, each with {} wrong tokens; nothing changed", writes.len() + 2, shapes.len()))
}
