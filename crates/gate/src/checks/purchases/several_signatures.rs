//! A secret that is being rolled: for a while a delivery carries a signature by each of two secrets, in any order, and one that is
//! right is enough.

use super::till::{NOTHING, is};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    webhook::{Event, ID, SIGNATURE, Source, TIMESTAMP},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.several-signatures",
    title: "Of several signatures of an event one that is right is enough, wherever it stands",
    promises: &["WHK-1", "T-PU-04"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("4.1.5"),
        Reference::Asvs("13.3.4"),
        Reference::Cwe(324),
        Reference::Cwe(347),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_signatures"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let old = Source::new(&source.name, &Source::fresh_secret());
    let old = old.map_err(|error| Ended::error(error.to_string()))?;
    let at = time::OffsetDateTime::now_utc().unix_timestamp().to_string();
    let deliver = async |event: &Event, signatures: String, purpose: &str| {
        let call = probe.client.post(&source.path()).header(ID, &event.id).header(TIMESTAMP, &at);
        let call = call.secret_header(SIGNATURE, signatures).body("application/json", event.body.clone());
        call.purpose(purpose).patiently().send().await
    };
    for order in ["last", "first", "in the middle"] {
        let event = Event::new(NOTHING, &serde_json::json!({}));
        let wrong = old.signature(&event.id, &at, &event.body);
        let right = source.signature(&event.id, &at, &event.body);
        let refused = deliver(&event, format!("{wrong} {wrong}"), "by the other secret alone, twice").await?;
        ensure(refused.status == 401, || {
            format!("two signatures by another secret answered {} {}", refused.status, refused.said())
        })?;
        let both = match order {
            "last" => format!("{wrong} {right}"),
            "first" => format!("{right} {wrong}"),
            _ => format!("v9,AAAA {wrong} {right} {wrong}"),
        };
        let taken = deliver(&event, both, &format!("the right one {order}")).await?;
        ensure(is(&taken, "recorded"), || {
            format!("with the right signature {order}, it answered {} {}", taken.status, taken.said())
        })?;
    }
    passed("first, last and in the middle, the right one was found; wrong ones alone were refused")
}
