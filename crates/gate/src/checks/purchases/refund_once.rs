//! One refund, told by different events at the same moment, and more refunds than there was: it takes its share back once, and
//! all together never more than the purchase gave.

use futures::future::try_join_all;

use super::{
    limits::{AMOUNT, REFUND},
    till::{Till, fresh_name, has, is, purchase, refund},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.refund-once",
    title: "A refund takes its share back once, and refunds never more than the purchase gave",
    promises: &["WHK-4", "T-PU-10"],
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
    control: Control::Guard("refund_once"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let buyer = till.buyer().await?;
    let name = fresh_name();
    till.deliver(&purchase(&name, &buyer.code), "a purchase").await?;
    // Another one stays as it is, whatever goes back of the first.
    till.deliver(&purchase(&fresh_name(), &buyer.code), "another purchase").await?;
    let one = fresh_name();
    let events: Vec<_> = (0..limits::AT_ONCE).map(|_| refund(&one, &name, REFUND)).collect();
    let sent = events.iter().map(|event| till.delivery(event).purpose("one refund, by many events").send());
    for answer in try_join_all(sent).await? {
        ensure(is(&answer, "recorded"), || {
            format!("an event of its own answered {} {}", answer.status, answer.said())
        })?;
    }
    has(&buyer, 2 * AMOUNT - REFUND, &format!("after {} events about one refund", events.len())).await?;
    till.deliver(&refund(&fresh_name(), &name, REFUND), "a second refund").await?;
    has(&buyer, 2 * AMOUNT - 2 * REFUND, "after two refunds").await?;
    till.deliver(&refund(&fresh_name(), &name, AMOUNT), "a refund of more than is left").await?;
    has(&buyer, AMOUNT, "after more went back than was paid").await?;
    passed(format!("{} events about one refund, a second one, and one of too much", events.len()))
}
