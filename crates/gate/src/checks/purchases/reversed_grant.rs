//! Two hands that take the same points back: an operator undoes what a purchase gave, and its refund arrives. Whoever comes first, the
//! points are taken once.

use serde_json::{Value, json};

use super::{
    limits::{AMOUNT, REFUND},
    till::{Buyer, Till, fresh_name, has, purchase, refund},
};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.reversed-grant",
    title: "What an operator took back of a purchase a refund does not take again, nor the other way round",
    promises: &["WHK-4", "WAL-4", "T-PU-10"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.1"),
        Reference::Asvs("2.3.3"),
        Reference::Cwe(837),
        Reference::Cwe(841),
    ],
    needs: super::NEEDS_POINTS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("reversal_counted"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let (buyer, operator) = (till.buyer().await?, probe.operator().await?);
    let (first, second) = (fresh_name(), fresh_name());
    till.deliver(&purchase(&first, &buyer.code), "a purchase").await?;
    let granted = newest_grant(&buyer).await?;
    till.deliver(&purchase(&second, &buyer.code), "another purchase").await?;
    let undone = undo(&operator, &granted, "the first one's points are taken back").await?;
    ensure(undone.status == 201, || {
        format!("undoing a purchase's points answered {} {}", undone.status, undone.said())
    })?;
    has(&buyer, AMOUNT, "after an operator took back what one of two purchases gave").await?;
    for amount in [REFUND, AMOUNT] {
        till.deliver(&refund(&fresh_name(), &first, amount), "and then it is refunded").await?;
        has(&buyer, AMOUNT, "after a refund of what an operator had taken back").await?;
    }
    till.deliver(&refund(&fresh_name(), &second, REFUND), "some of the other goes back").await?;
    has(&buyer, AMOUNT - REFUND, "after a refund of the other purchase").await?;
    // There are points enough for it, of other purchases.
    let granted = newest_grant(&buyer).await?;
    till.deliver(&purchase(&fresh_name(), &buyer.code), "a third purchase").await?;
    let refused = undo(&operator, &granted, "an operator takes all of the second").await?;
    ensure(refused.status == 409, || {
        format!("undoing what a refund took a part of answered {} {}", refused.status, refused.said())
    })?;
    has(&buyer, 2 * AMOUNT - REFUND, "after a reversal that was refused").await?;
    passed("an operator and refunds took the points of each purchase once")
}

/// The transfer of the newest purchase.
async fn newest_grant(buyer: &Buyer) -> Result<String, Ended> {
    let lines = buyer.member.get("/v1/wallet/statement?kind=grant&limit=1").purpose("which transfer was it?");
    let lines = lines.patiently().expect(200).await?.json();
    let id = lines.pointer("/items/0/transfer_id").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| Ended::fail("a purchase's points are not on the statement"))
}

async fn undo(operator: &Actor, transfer: &str, purpose: &str) -> Result<Answer, Ended> {
    let call = operator.post(&format!("/v1/operator/wallet/transfers/{transfer}/reversal"));
    let call =
        call.header("idempotency-key", fresh_name()).json(&json!({ "reason": "an attack of the gate" }));
    call.purpose(purpose).patiently().send().await
}
