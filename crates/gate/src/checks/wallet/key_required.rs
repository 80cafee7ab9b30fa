//! Without a key of the client's own nothing moves: a request that got no answer could not be sent again.

use reqwest::Method;
use serde_json::json;

use super::{
    limits::{KEY_CHARS_TOO_MANY, PURSE},
    points::{TRANSFERS, balance, fresh_key, grants, member_with},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.key-required",
    title: "Nothing moves without exactly one well-formed key",
    promises: &["WAL-3"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.2.1"),
        Reference::Asvs("2.3.3"),
        Reference::Cwe(837),
        Reference::Cwe(20),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("idempotency_required"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (member, other) = (member_with(&probe, PURSE).await?, probe.bearer_member().await?);
    let mut routes = vec![(
        "a grant",
        probe.service(Method::POST, &grants(&member))?,
        json!({ "amount": 1, "reason": "x" }),
    )];
    if probe.target.why_off("wallet_transfers").is_none() {
        routes.push(("a transfer", member.post(TRANSFERS), json!({ "to": other.member_id, "amount": 1 })));
    }
    let long = "k".repeat(KEY_CHARS_TOO_MANY);
    let mut sent = 0;
    for (route, call, body) in &routes {
        let call = call.clone().json(body).patiently();
        let missing = call.clone().purpose("no key").send().await?;
        ensure(missing.status == 400 && missing.code() == "idempotency_key_required", || {
            format!("{route} without a key answered {}: {}", missing.status, missing.said())
        })?;
        for key in ["", "\"\"", "two words", "a,b", "\"open", long.as_str()] {
            let answer = call.clone().header("idempotency-key", key).purpose("no good key").send().await?;
            ensure(answer.status == 400, || {
                format!("{route} with the key {key:?} answered {}: {}", answer.status, answer.said())
            })?;
        }
        let twice =
            call.clone().header("idempotency-key", fresh_key()).header("idempotency-key", fresh_key());
        let answer = twice.purpose("two keys").send().await?;
        ensure(answer.status == 400, || {
            format!("{route} with two keys answered {}: {}", answer.status, answer.said())
        })?;
        sent += 8;
    }
    let has = balance(&probe, &member).await?;
    ensure(has == PURSE, || format!("all was refused, and {PURSE} points are now {has}"))?;
    passed(format!("{sent} requests without one good key were refused, and nothing moved"))
}
