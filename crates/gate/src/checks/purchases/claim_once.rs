//! A purchase of nobody known, and several members who show its code at the same moment: it becomes one member's, once.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::{
    limits::{AMOUNT, CLAIMS_EACH},
    till::{Points, Till, fresh_name, points, purchase},
};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call},
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.claim-once",
    title: "A purchase that several members claim at once becomes one member's, once",
    promises: &["WHK-4"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(362),
        Reference::Cwe(837),
        Reference::Api(6),
    ],
    needs: super::NEEDS_POINTS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("claim_once"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let members = [probe.bearer_member().await?, probe.bearer_member().await?];
    let code = fresh_name();
    till.deliver(&purchase(&fresh_name(), &code), "a purchase of nobody known").await?;
    let at_once = members.iter().flat_map(|member| (0..CLAIMS_EACH).map(|_| claim(member, &code)));
    let answers = try_join_all(at_once.map(Call::send)).await?;
    let claimed = answers.iter().map(claimed).sum::<Result<usize, Ended>>()?;
    ensure(claimed == 1, || format!("{} claims at once made it somebody's {claimed} times", answers.len()))?;
    for member in &members {
        let late = self::claimed(&claim(member, &code).send().await?)?;
        ensure(late == 0, || "a spent code was good for another claim".to_owned())?;
    }
    let (first, second) = (points(&members[0]).await?, points(&members[1]).await?);
    let both = Points { balance: first.balance + second.balance, owed: first.owed + second.owed };
    ensure(both == Points { balance: AMOUNT, owed: 0 }, || {
        format!("a purchase worth {AMOUNT} points gave {} and {}", first.balance, second.balance)
    })?;
    passed(format!("{} claims at once by two members: one found it; {AMOUNT} points in all", answers.len()))
}

fn claim(member: &Actor, code: &str) -> Call {
    let claim = member.post("/v1/me/purchases/claim").json(&json!({ "code": code }));
    claim.purpose("claims by the code on the receipt").patiently()
}

/// Purchases that a claim found.
fn claimed(answer: &Answer) -> Result<usize, Ended> {
    let json = answer.json();
    let items = json.get("items").and_then(Value::as_array).filter(|_| answer.status == 200);
    items
        .map(Vec::len)
        .ok_or_else(|| Ended::fail(format!("a claim answered {} {}", answer.status, answer.said())))
}
