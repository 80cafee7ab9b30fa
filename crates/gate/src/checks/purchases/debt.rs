//! Buy, spend, give back: what was spent before its purchase was refunded is owed, and later purchases pay it first.

use serde_json::json;

use super::{
    limits::{AMOUNT, REFUND},
    till::{Points, Till, fresh_name, has, points, purchase, refund},
};
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.debt",
    title: "Points that were spent before their purchase was refunded are owed, and paid first",
    promises: &["WHK-4", "WAL-2", "T-PU-10"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.1"), Reference::Cwe(840), Reference::Cwe(841), Reference::Api(6)],
    needs: &[
        Need::Capability("purchases"),
        Need::Capability("wallet"),
        Need::Capability("wallet_transfers"),
        Need::WebhookSource,
        Need::Operator,
        Need::Disposable,
    ],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refund_debt"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let (buyer, friend) = (till.buyer().await?, probe.bearer_member().await?);
    let name = fresh_name();
    till.deliver(&purchase(&name, &buyer.code), "a purchase").await?;
    let spent = buyer.member.post("/v1/wallet/transfers").header("idempotency-key", fresh_name());
    let spent =
        spent.json(&json!({ "to": friend.member_id, "amount": AMOUNT, "reason": "an attack of the gate" }));
    spent.purpose("all of it is spent").patiently().expect(201).await?;
    till.deliver(&refund(&fresh_name(), &name, AMOUNT), "and the purchase given back").await?;
    let found = points(&buyer.member).await?;
    ensure(found == Points { balance: 0, owed: AMOUNT }, || {
        format!(
            "{AMOUNT} points were spent and then taken back; there are {} and {} owed",
            found.balance, found.owed
        )
    })?;
    till.deliver(&purchase(&fresh_name(), &buyer.code), "a purchase that pays the debt").await?;
    has(&buyer, 0, "after the debt was paid").await?;
    let last = fresh_name();
    till.deliver(&purchase(&last, &buyer.code), "one that gives points again").await?;
    till.deliver(&refund(&fresh_name(), &last, REFUND), "of which some goes back").await?;
    has(&buyer, AMOUNT - REFUND, "after a purchase without a debt").await?;
    let kept = points(&friend).await?;
    ensure(kept.balance == AMOUNT, || format!("whoever was paid has {} of {AMOUNT}", kept.balance))?;
    passed(format!("{AMOUNT} points were owed, paid by the next purchase, and nobody went below zero"))
}
