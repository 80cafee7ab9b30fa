//! One member has so many requests, from however many addresses they come (SEC-4).

use serde_json::json;

use super::{
    limits::BURST_ADDRESSES,
    quota::{self, Quota},
};
use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.account-limit",
    title: "A member who asks too often is refused, from any address",
    promises: &["SEC-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.4.1"), Reference::Cwe(770), Reference::Cwe(799), Reference::Api(4)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Guard("rate_limit"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    if !probe.world.sources.are_separate() {
        return Err(Ended::NotApplicable(
            "the gate has one address here, whose own quota comes first".to_owned(),
        ));
    }
    let member = probe.bearer_member().await?;
    let path = "/v1/me/email/finish";
    let first = member.post(path).json(&json!({})).purpose("what is the quota?").send().await?;
    if first.code() == "capability_unavailable" {
        return Err(Ended::NotApplicable(first.said()));
    }
    let quota = Quota::of(&first)?;
    let mut calls = Vec::new();
    for _ in 0..BURST_ADDRESSES {
        let elsewhere = member.at(&probe.another_client()?);
        let share = usize::try_from(quota.beyond()).unwrap_or(usize::MAX) / BURST_ADDRESSES + 1;
        calls.extend((0..share).map(|_| elsewhere.post(path).json(&json!({}))));
    }
    let sent = calls.len();
    let refused = quota::refused(&quota::burst(calls).await?);
    ensure(refused > 0, || {
        format!(
            "{sent} requests of one member from {BURST_ADDRESSES} addresses, quota {}: none refused",
            quota.limit
        )
    })?;
    // The limit is the member's: another one at the same address goes on.
    let other = probe.bearer_member().await?;
    let answer = other.post(path).json(&json!({})).purpose("another member").send().await?;
    ensure(answer.status != 429, || "another member is refused too".to_owned())?;
    passed(format!(
        "{refused} of {sent} requests of one member from {BURST_ADDRESSES} addresses were refused"
    ))
}
