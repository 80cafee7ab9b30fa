//! One event in many copies at the same moment, and again later: it has its effect once.

use futures::future::try_join_all;
use serde_json::Value;

use super::{
    limits::{AMOUNT, COPIES},
    till::{Till, fresh_name, has, is, purchase},
};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.replay",
    title: "An event that comes in many copies at once, and again later, counts once",
    promises: &["WHK-3", "WHK-4", "T-PU-01", "T-WA-11"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("2.3.4"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(294),
        Reference::Cwe(362),
        Reference::Cwe(837),
        Reference::Api(6),
    ],
    needs: super::NEEDS_POINTS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_once"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let buyer = till.buyer().await?;
    let event = purchase(&fresh_name(), &buyer.code);
    let copies = (0..COPIES).map(|_| till.delivery(&event).purpose("one of many copies").send());
    let answers = try_join_all(copies).await?;
    let recorded = answers.iter().filter(|answer| is(answer, "recorded")).count();
    let known = answers.iter().filter(|answer| is(answer, "duplicate")).count();
    ensure((recorded, known) == (1, COPIES - 1), || {
        format!("of {COPIES} copies {recorded} were recorded and {known} known")
    })?;
    has(&buyer, AMOUNT, &format!("after {COPIES} copies of one purchase")).await?;
    for _ in 0..2 {
        let again = till.delivery(&event).purpose("once more, signed anew").send().await?;
        ensure(is(&again, "duplicate"), || {
            format!("a known event answered {} {}", again.status, again.said())
        })?;
    }
    has(&buyer, AMOUNT, "after the event came again").await?;
    let purchases = purchases(&buyer.member).await?;
    ensure(purchases == 1, || format!("one purchase is {purchases} of the member's"))?;
    passed(format!("{COPIES} copies at once and two later gave {AMOUNT} points once"))
}

async fn purchases(member: &Actor) -> Result<usize, Ended> {
    let page = member.get("/v1/me/purchases").purpose("which purchases are there?").patiently();
    let page = page.expect(200).await?.json();
    Ok(page.get("items").and_then(Value::as_array).map_or(0, Vec::len))
}
