//! What is no whole number of points within the bounds moves nothing.

use reqwest::Method;
use serde_json::Value;

use super::{
    limits::PURSE,
    points::{TRANSFERS, balance, fresh_key, grants, member_with},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.amounts",
    title: "Amounts that are no whole number of points within the bounds are refused",
    promises: &["WAL-2", "T-WA-05"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.2.1"),
        Reference::Asvs("1.4.2"),
        Reference::Cwe(20),
        Reference::Cwe(190),
        Reference::Cwe(681),
        Reference::Cwe(1284),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("amount_range"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// As they stand in the body.
const AMOUNTS: &[&str] = &[
    "0",
    "-1",
    "-0",
    "1.5",
    "1.0",
    "1e19",
    "1e1",
    "0.1",
    "\"1\"",
    "\"NaN\"",
    "null",
    "true",
    "[1]",
    "{}",
    "1000000000001",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551617",
];
/// What is no JSON either.
const NO_JSON: &[&str] = &["NaN", "Infinity", "0x10", "01", "+1"];

async fn run(probe: Probe) -> Outcome {
    let (member, other) = (member_with(&probe, PURSE).await?, probe.bearer_member().await?);
    let mut routes = vec![("a grant", probe.service(Method::POST, &grants(&member))?)];
    if probe.target.why_off("wallet_transfers").is_none() {
        routes.push(("a transfer", member.post(TRANSFERS)));
    }
    for (route, call) in &routes {
        for amount in AMOUNTS.iter().chain(NO_JSON) {
            let body = format!("{{\"to\":\"{}\",\"amount\":{amount},\"reason\":\"x\"}}", other.member_id);
            let call = call.clone().header("idempotency-key", fresh_key()).body("application/json", body);
            let answer = call.purpose(format!("{amount} points")).patiently().send().await?;
            let is_json = AMOUNTS.contains(amount);
            let names_it = answer.json().pointer("/errors/0/field").and_then(Value::as_str) == Some("amount");
            let is_refused = if is_json { answer.status == 422 && names_it } else { answer.status == 400 };
            ensure(is_refused, || {
                format!("{route} of {amount} answered {}: {}", answer.status, answer.said())
            })?;
        }
    }
    let has = [balance(&probe, &member).await?, balance(&probe, &other).await?];
    ensure(has == [PURSE, 0], || format!("all was refused, and the balances are {has:?}"))?;
    passed(format!(
        "{} amounts on {} routes were refused, and nothing moved",
        AMOUNTS.len() + NO_JSON.len(),
        routes.len()
    ))
}
