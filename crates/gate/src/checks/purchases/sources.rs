//! A source that nobody configured takes nothing, and tells nothing of those that are.

use serde_json::Value;

use super::till::{NOTHING, is};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    probe::Probe,
    webhook::Event,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.unknown-sources",
    title: "A source that is not configured takes nothing, whoever signed it",
    promises: &["WHK-1", "T-PU-02"],
    priority: Priority::P0,
    references: &[Reference::Asvs("8.2.2"), Reference::Cwe(346), Reference::Cwe(639), Reference::Api(9)],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_source"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let event = Event::new(NOTHING, &serde_json::json!({}));
    let names = [
        format!("{}-none", source.name),
        format!("x{}", source.name),
        source.name.to_uppercase(),
        format!("{}%20", source.name),
        format!("{}%00", source.name),
        "gate-none".to_owned(),
    ];
    for name in &names {
        let elsewhere = source.called(name);
        let signed = elsewhere.delivery(&probe.client, &event).patiently();
        let unsigned = probe.client.post(&elsewhere.path()).body("application/json", event.body.clone());
        let signed = signed.purpose("rightly signed, for nobody").send().await?;
        let unsigned = unsigned.purpose("not signed at all").patiently().send().await?;
        for answer in [&signed, &unsigned] {
            ensure(matches!(answer.status, 400 | 404) && !answer.is_success(), || {
                format!("the source {name:?} answered {} {}", answer.status, answer.said())
            })?;
        }
        ensure(told(&signed) == told(&unsigned), || {
            format!("who signed is told apart at {name:?}: {} and {}", signed.said(), unsigned.said())
        })?;
    }
    let taken =
        source.delivery(&probe.client, &event).purpose("at its own source").patiently().send().await?;
    ensure(is(&taken, "recorded"), || {
        format!("the event answered {} {} at its own source", taken.status, taken.said())
    })?;
    passed(format!("{} names of no source took nothing", names.len()))
}

/// What an answer says, without what is its own.
fn told(answer: &Answer) -> (u16, Vec<(String, Value)>) {
    let body = answer.json();
    let fields = body.as_object().into_iter().flatten().filter(|(name, _)| *name != "request_id");
    (answer.status, fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}
