//! Members send to each other at the same moment, a thousand times: nobody waits for a lock for ever, and no point is made or lost.

use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};

use super::{
    limits::{PAIRS, SENT_AT_ONCE, SENT_BY_EACH, TRANSFER_TIME_MAX},
    points::{balance, fresh_key, member_with, transfer},
};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.opposite-transfers",
    title: "A thousand transfers in opposite directions all go through and neither make nor lose a point",
    promises: &["WAL-5", "T-WA-07"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("15.4.3"),
        Reference::Cwe(833),
        Reference::Cwe(362),
    ],
    needs: super::NEEDS_SPENDING,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("postings_together"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let points = i64::try_from(SENT_BY_EACH).map_err(|error| Ended::error(error.to_string()))?;
    let mut members = Vec::new();
    for _ in 0..2 * PAIRS {
        members.push(member_with(&probe, points).await?);
    }
    let sides = members.chunks_exact(2).flat_map(|pair| [(&pair[0], &pair[1]), (&pair[1], &pair[0])]);
    try_join_all(sides.map(|(from, to)| send(from, to))).await?;
    for member in &members {
        let has = balance(&probe, member).await?;
        ensure(has == points, || {
            format!("a member sent and got {points} points each, had {points}, and has {has}")
        })?;
    }
    passed(format!(
        "{} transfers between {PAIRS} pairs in both directions; each has what they had",
        members.len() * SENT_BY_EACH
    ))
}

async fn send(from: &Actor, to: &Actor) -> Result<(), Ended> {
    let sent =
        stream::iter(0..SENT_BY_EACH).map(|_| transfer(from, to, &fresh_key(), 1).only_counted().send());
    sent.buffer_unordered(SENT_AT_ONCE)
        .try_for_each(|answer| async move {
            ensure(answer.status == 201, || {
                format!("a transfer against others answered {}: {}", answer.status, answer.said())
            })?;
            ensure(answer.took <= TRANSFER_TIME_MAX, || {
                format!("a transfer against others took {} ms", answer.took.as_millis())
            })
        })
        .await
}
