//! Operators undo the same transfer at the same moment: it is undone once.

use futures::future::try_join_all;
use serde_json::json;

use super::{
    limits::{PRICE, PURSE},
    points::{balance, fresh_key, give, member_with},
};
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.parallel-refunds",
    title: "Of refunds of one transfer at the same moment one is carried out",
    promises: &["WAL-4", "T-WA-09"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("2.3.4"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(362),
        Reference::Cwe(837),
        Reference::Api(6),
    ],
    needs: &[Need::Capability("wallet"), Need::ServiceKey, Need::Operator, Need::Disposable],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("reversal_once"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let operator = probe.operator().await?;
    let member = member_with(&probe, PURSE).await?;
    let transfer = give(&probe, &member, PRICE).await?;
    let path = format!("/v1/operator/wallet/transfers/{transfer}/reversal");
    let undo = || {
        let call = operator.post(&path).header("idempotency-key", fresh_key());
        call.json(&json!({ "reason": "an attack of the gate" })).patiently()
    };
    let answers = try_join_all((0..limits::AT_ONCE).map(|_| undo().purpose("one of many").send())).await?;
    let (done, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in others {
        ensure(answer.status == 409, || {
            format!("a refund at the same moment as others answered {}: {}", answer.status, answer.said())
        })?;
    }
    ensure(done.len() == 1, || {
        format!("{} of {} refunds of one transfer succeeded", done.len(), answers.len())
    })?;
    let later = undo().purpose("once more").send().await?;
    ensure(later.status == 409, || format!("a later refund answered {}: {}", later.status, later.said()))?;
    let of_refund = format!("/v1/operator/wallet/transfers/{}/reversal", done[0].text_at("/id")?);
    let of_refund = operator.post(&of_refund).header("idempotency-key", fresh_key());
    let of_refund = of_refund
        .json(&json!({ "reason": "x" }))
        .purpose("the refund of a refund")
        .patiently()
        .send()
        .await?;
    ensure(of_refund.status == 409, || {
        format!("the refund of a refund answered {}: {}", of_refund.status, of_refund.said())
    })?;
    let has = balance(&probe, &member).await?;
    ensure(has == PURSE, || format!("{PRICE} points were taken back once, and {PURSE} became {has}"))?;
    passed(format!("{} refunds at once, one later, one of the refund: one was carried out", answers.len()))
}
