//! Events come in any order: a refund before its purchase counts when the purchase comes.

use super::{
    limits::{AMOUNT, REFUND},
    till::{Till, fresh_name, has, purchase, refund},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.refund-first",
    title: "A refund that comes before its purchase counts as one that comes after it",
    promises: &["WHK-4", "T-PU-10"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.1"), Reference::Cwe(696), Reference::Cwe(841), Reference::Api(6)],
    needs: super::NEEDS_POINTS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("refund_first"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let buyer = till.buyer().await?;
    let (partly, wholly) = (fresh_name(), fresh_name());
    till.deliver(&refund(&fresh_name(), &partly, REFUND), "a refund of what nobody bought yet").await?;
    till.deliver(&refund(&fresh_name(), &wholly, AMOUNT), "a refund of all of it").await?;
    has(&buyer, 0, "before anything was bought").await?;
    till.deliver(&purchase(&partly, &buyer.code), "the purchase of the first refund").await?;
    has(&buyer, AMOUNT - REFUND, "after a purchase that was refunded before").await?;
    till.deliver(&purchase(&wholly, &buyer.code), "the purchase of the second").await?;
    has(&buyer, AMOUNT - REFUND, "after a purchase that was wholly refunded before").await?;
    passed("two refunds that came before their purchases took their shares back")
}
