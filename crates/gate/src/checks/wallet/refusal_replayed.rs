//! A request that failed has failed for good: when it is sent again under its key, it does not suddenly happen.

use serde_json::Value;

use super::{
    limits::{PRICE, PURSE},
    points::{balance, fresh_key, give, member_with, transfer},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.refusal-replayed",
    title: "A failed posting that is sent again under its key fails again, whatever is there by now",
    promises: &["WAL-3", "T-WA-12"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(837)],
    needs: super::NEEDS_SPENDING,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("idempotency_memory"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (member, other) = (member_with(&probe, PRICE).await?, probe.bearer_member().await?);
    let key = fresh_key();
    let spend = || transfer(&member, &other, &key, PURSE);
    let first = spend().purpose("more than is there").send().await?;
    ensure(first.status == 409 && first.code() == "insufficient_points", || {
        format!("{PURSE} of {PRICE} points: {} {}", first.status, first.said())
    })?;
    give(&probe, &member, PURSE).await?;
    let again = spend().purpose("the same key, with enough points").send().await?;
    let told = |body: &Value| {
        body.as_object().map(|fields| {
            fields
                .iter()
                .filter(|(name, _)| *name != "request_id")
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect::<Vec<_>>()
        })
    };
    ensure(again.status == first.status && told(&again.json()) == told(&first.json()), || {
        format!("a refused posting was sent again and answered {} {}", again.status, again.said())
    })?;
    let has = balance(&probe, &member).await?;
    ensure(has == PRICE + PURSE, || {
        format!("it was refused twice, and {} points are now {has}", PRICE + PURSE)
    })?;
    let anew = transfer(&member, &other, &fresh_key(), PURSE).purpose("a new key").send().await?;
    ensure(anew.status == 201, || format!("under a new key it answered {}: {}", anew.status, anew.said()))?;
    let has = balance(&probe, &other).await?;
    ensure(has == PURSE, || format!("{PURSE} points were sent once, and {has} came"))?;
    passed("refused, refused again with enough points, and carried out under a new key")
}
