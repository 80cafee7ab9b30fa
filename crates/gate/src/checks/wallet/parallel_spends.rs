//! Many devices spend the same points at the same moment: as many succeed as the balance holds, and nobody goes below zero.

use futures::future::try_join_all;
use serde_json::Value;

use super::{
    limits::{PRICE, PURSE},
    points::{balance, fresh_key, member_with, transfer},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.parallel-spends",
    title: "Of many spends at the same moment as many succeed as the balance holds",
    promises: &["WAL-2", "T-WA-01"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("2.3.4"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(362),
        Reference::Cwe(367),
        Reference::Api(6),
    ],
    needs: super::NEEDS_SPENDING,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("wallet_balance"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (spender, shop) = (member_with(&probe, PURSE).await?, probe.bearer_member().await?);
    let spends = (0..limits::AT_ONCE)
        .map(|_| transfer(&spender, &shop, &fresh_key(), PRICE).purpose("one of many").send());
    let answers = try_join_all(spends).await?;
    let mut done = 0;
    for answer in &answers {
        if answer.status == 201 {
            done += 1;
            continue;
        }
        ensure(answer.status == 409 && answer.code() == "insufficient_points", || {
            format!("a spend at the same moment as others answered {}: {}", answer.status, answer.said())
        })?;
        let number = |name: &str| answer.json().get(name).and_then(Value::as_i64);
        ensure(number("needs") == Some(PRICE) && number("has").is_some_and(|has| has < PRICE), || {
            format!("a refusal does not say what there is and what it takes: {}", answer.said())
        })?;
    }
    ensure(done == PURSE / PRICE, || {
        format!("{done} spends of {PRICE} succeeded on {PURSE} points, not {}", PURSE / PRICE)
    })?;
    let (left, taken) = (balance(&probe, &spender).await?, balance(&probe, &shop).await?);
    ensure((left, taken) == (PURSE - done * PRICE, done * PRICE), || {
        format!("after {done} spends of {PRICE} on {PURSE} there are {left} points, and {taken} were taken")
    })?;
    passed(format!(
        "{} spends of {PRICE} at once on {PURSE} points: {done} succeeded, {left} are left",
        answers.len()
    ))
}
