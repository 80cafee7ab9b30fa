//! Keys belong to whoever made them: that somebody else used the same one changes nothing, and shows nothing of theirs.

use super::{
    limits::PRICE,
    points::{balance, fresh_key, grant, is_replayed, member_with, transfer},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.keys-of-others",
    title: "A key that another caller used is as good as new",
    promises: &["WAL-3", "T-WA-04"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.2"),
        Reference::Asvs("8.3.1"),
        Reference::Cwe(639),
        Reference::Cwe(668),
        Reference::Api(1),
    ],
    needs: super::NEEDS_SPENDING,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("idempotency_owner"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (first, second) = (member_with(&probe, PRICE).await?, member_with(&probe, PRICE).await?);
    let shop = probe.bearer_member().await?;
    let key = fresh_key();
    let own = transfer(&first, &shop, &key, PRICE).purpose("a member's key").expect(201).await?;
    let others = transfer(&second, &shop, &key, PRICE).purpose("the same key of another").send().await?;
    let services = grant(&probe, &shop, &key, PRICE)?.purpose("the same key of a back end").send().await?;
    for (answer, whose) in [(&others, "another member"), (&services, "a back end")] {
        ensure(answer.status == 201 && !is_replayed(answer), || {
            format!("a key that a member had used answered {whose} {}: {}", answer.status, answer.said())
        })?;
    }
    let ids = [own.text_at("/id")?, others.text_at("/id")?, services.text_at("/id")?];
    ensure(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2], || {
        format!("two callers with one key got the same transfer: {}", ids.join(", "))
    })?;
    let has =
        [balance(&probe, &first).await?, balance(&probe, &second).await?, balance(&probe, &shop).await?];
    ensure(has == [0, 0, 3 * PRICE], || format!("three callers used one key, and the balances are {has:?}"))?;
    passed("two members and a back end used one key, each for a posting of their own")
}
