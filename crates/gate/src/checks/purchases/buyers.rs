//! Whether a buyer is a member is not for senders to know: every receipt is the same.

use std::collections::BTreeMap;

use super::{
    limits::AMOUNT,
    till::{Till, fresh_name, has, purchase},
};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    probe::Probe,
    webhook::Event,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.buyers-unknown",
    title: "A receipt does not tell whether the buyer is a member",
    promises: &["WHK-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("14.2.6"), Reference::Cwe(203), Reference::Cwe(204)],
    needs: super::NEEDS_POINTS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_receipt"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let buyer = till.buyer().await?;
    let stranger = fresh_name();
    let send = async |event: &Event, purpose: &str| -> Result<Answer, Ended> {
        let answer = till.delivery(event).purpose(purpose).send().await?;
        ensure(answer.status == 200, || {
            format!("{purpose}: it answered {} {}", answer.status, answer.said())
        })?;
        Ok(answer)
    };
    let (known, unknown) = (purchase(&fresh_name(), &buyer.code), purchase(&fresh_name(), &stranger));
    for what in ["for the first time", "once more"] {
        let of_member = send(&known, &format!("a member's purchase, {what}")).await?;
        let of_stranger = send(&unknown, &format!("a stranger's purchase, {what}")).await?;
        ensure(told(&of_member) == told(&of_stranger), || {
            format!(
                "{what}, a member's purchase answers {} and a stranger's {}",
                of_member.said(),
                of_stranger.said()
            )
        })?;
    }
    has(&buyer, AMOUNT, "after one purchase of their own and one of a stranger").await?;
    passed("a member's purchase and a stranger's answer alike, at first and when they come again")
}

/// What an answer tells beside its own id, its moment and what is left of a quota.
fn told(answer: &Answer) -> (u16, String, BTreeMap<String, Vec<u8>>) {
    let is_own = |name: &str| {
        matches!(name, "date" | "x-request-id" | "server-timing" | "age") || name.starts_with("ratelimit")
    };
    let headers = answer.headers.iter().filter(|(name, _)| !is_own(name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    (answer.status, answer.body_text(), headers)
}
