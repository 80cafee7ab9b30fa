//! A client that is not sure sends its request again, fifty times at once: it happens once, and each gets the same answer.

use futures::future::try_join_all;

use super::{
    limits::{PRICE, UNDER_ONE_KEY},
    points::{balance, fresh_key, grant, is_replayed, lines},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.one-key",
    title: "Fifty requests with one key and body happen once and are answered alike",
    promises: &["WAL-3", "T-WA-02"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(362),
        Reference::Cwe(837),
        Reference::Api(6),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("idempotency_memory"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let key = fresh_key();
    let calls =
        (0..UNDER_ONE_KEY).map(|_| grant(&probe, &member, &key, PRICE)).collect::<Result<Vec<_>, _>>()?;
    let answers = try_join_all(calls.into_iter().map(|call| call.purpose("the same again").send())).await?;
    // The draft lets a client put its key into quotes; it is the same key.
    let quoted =
        grant(&probe, &member, &format!("\"{key}\""), PRICE)?.purpose("the key in quotes").send().await?;
    let first = answers[0].json();
    for answer in answers.iter().chain([&quoted]) {
        ensure(answer.status == 201 && answer.json() == first, || {
            format!("one key got two answers: {first} and {} {}", answer.status, answer.said())
        })?;
    }
    let carried_out = answers.iter().filter(|answer| !is_replayed(answer)).count();
    ensure(carried_out == 1 && is_replayed(&quoted), || {
        format!("{carried_out} of {UNDER_ONE_KEY} answers do not say that they are an answer of before")
    })?;
    let (has, entries) = (balance(&probe, &member).await?, lines(&member).await?.len());
    ensure((has, entries) == (PRICE, 1), || {
        format!("{PRICE} points were given once, and there are {has} in {entries} entries")
    })?;
    passed(format!("{} requests under one key: one entry, equal answers", answers.len() + 1))
}
