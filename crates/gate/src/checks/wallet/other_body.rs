//! A key stands for one request: with another body or at another address it is refused, also when they race, and nothing is written.

use futures::future::try_join_all;

use super::points::{balance, fresh_key, grant, is_replayed};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.key-other-body",
    title: "A key that comes with another body is refused and writes nothing, also in a race",
    promises: &["WAL-3", "T-WA-03"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(362),
        Reference::Cwe(837),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("idempotency_meaning"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// What is given in the first place.
const FIRST: i64 = 1_000;

async fn run(probe: Probe) -> Outcome {
    let (member, other) = (probe.bearer_member().await?, probe.bearer_member().await?);
    let key = fresh_key();
    grant(&probe, &member, &key, FIRST)?.purpose("the first request").expect(201).await?;
    refused(&grant(&probe, &member, &key, FIRST + 1)?.purpose("another body").send().await?, "another body")?;
    refused(&grant(&probe, &other, &key, FIRST)?.purpose("another member").send().await?, "another address")?;
    let has = balance(&probe, &member).await?;
    ensure(has == FIRST, || format!("{FIRST} points were given, and there are {has}"))?;

    let key = fresh_key();
    let race = (1..).take(limits::AT_ONCE).map(|points| grant(&probe, &other, &key, points));
    let race = race.collect::<Result<Vec<_>, _>>()?;
    let answers = try_join_all(race.into_iter().map(|call| call.purpose("bodies race").send())).await?;
    let (done, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in others {
        refused(answer, "a body that lost a race")?;
    }
    ensure(done.len() == 1 && !is_replayed(done[0]), || {
        format!("{} of {} bodies that raced under one key were taken", done.len(), limits::AT_ONCE)
    })?;
    let given = done[0].json().get("amount").and_then(serde_json::Value::as_i64);
    let has = balance(&probe, &other).await?;
    ensure(given == Some(has), || {
        format!("the one that was taken says {}, and there are {has}", done[0].said())
    })?;
    passed(format!("another body, another member and {} bodies in a race under one key", limits::AT_ONCE))
}

fn refused(answer: &Answer, what: &str) -> Result<(), Ended> {
    ensure(answer.status == 422 && answer.code() == "idempotency_key_reused", || {
        format!("{what} under a known key answered {}: {}", answer.status, answer.said())
    })
}
