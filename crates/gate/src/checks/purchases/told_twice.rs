//! One purchase, told by different events at the same moment: it gives its points once.

use futures::future::try_join_all;

use super::{
    limits::AMOUNT,
    till::{Till, fresh_name, has, is, purchase},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.told-by-many",
    title: "A purchase that many events tell of at the same moment counts once",
    promises: &["WHK-4", "T-WA-11"],
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
    control: Control::Guard("purchase_once"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let buyer = till.buyer().await?;
    let name = fresh_name();
    let events: Vec<_> = (0..limits::AT_ONCE).map(|_| purchase(&name, &buyer.code)).collect();
    let sent = events.iter().map(|event| till.delivery(event).purpose("one of many events").send());
    let answers = try_join_all(sent).await?;
    for answer in &answers {
        ensure(is(answer, "recorded"), || {
            format!("an event of its own answered {} {}", answer.status, answer.said())
        })?;
    }
    has(&buyer, AMOUNT, &format!("after {} events about one purchase", answers.len())).await?;
    till.deliver(&purchase(&name, &buyer.code), "one event more").await?;
    has(&buyer, AMOUNT, "after one event more").await?;
    passed(format!("{} events about one purchase gave {AMOUNT} points once", answers.len() + 1))
}
