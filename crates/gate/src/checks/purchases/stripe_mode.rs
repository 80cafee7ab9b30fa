//! Stripe sends live events and test events, both rightly signed. A test purchase costs nothing, so it is worth nothing where
//! purchases are real.

use super::till::{NOTHING, is};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    probe::Probe,
    webhook::Stripe,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.stripe-mode",
    title: "Of Stripe's live events and test events only those of the deployment's own mode count",
    promises: &["WHK-1", "T-PU-06"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.2.1"), Reference::Cwe(345), Reference::Cwe(489)],
    needs: super::NEEDS_STRIPE,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_mode"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.stripe_source()?;
    let deliver = async |livemode: bool| {
        let event = Stripe::event(NOTHING, livemode);
        let purpose = if livemode { "a live event" } else { "a test event" };
        source.delivery(&probe.client, &event).purpose(purpose).patiently().send().await
    };
    let (live, test) = (deliver(true).await?, deliver(false).await?);
    let told = || {
        format!(
            "a live event answered {} {}, a test event {} {}",
            live.status,
            live.said(),
            test.status,
            test.said()
        )
    };
    let is_refused = |answer: &Answer| answer.status == 403 && answer.code() == "event_of_other_mode";
    let is_live = is(&live, "recorded") && is_refused(&test);
    let is_test = is(&test, "recorded") && is_refused(&live);
    ensure(is_live || is_test, told)?;
    // Whoever runs in prod and takes test events gives points away to everybody with a test card.
    ensure(is_live || probe.target.environment != "prod", told)?;
    passed(if is_live {
        "live events count, test events do not"
    } else {
        "test events count, live events do not"
    })
}
