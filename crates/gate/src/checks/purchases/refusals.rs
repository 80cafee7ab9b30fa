//! Answers to senders tell neither what was sent nor what it is signed with, however they end.

use super::{limits::LEVELS, till::NOTHING};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Call,
    probe::Probe,
    webhook::{Event, ID, NO_SIGNATURE, SIGNATURE, TIMESTAMP},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.answers-tell-nothing",
    title: "No answer to a sender repeats the event, its signature or the secret",
    promises: &["WHK-1", "SEC-9", "T-PU-12"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("14.2.6"),
        Reference::Asvs("16.5.1"),
        Reference::Cwe(209),
        Reference::Cwe(200),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_refusal"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let canary = format!("canary{}", uuid::Uuid::new_v4().simple());
    let event = Event::new(NOTHING, &serde_json::json!({ "buyer": canary }));
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let at = now.to_string();
    let right = source.signature(&event.id, &at, &event.body);
    let body = |text: String| Event { id: Event::new(NOTHING, &serde_json::json!({})).id, body: text };
    let send = |event: &Event| source.delivery(&probe.client, event);
    let changed = Event { body: event.body.replace("\"buyer\"", "\"payer\""), ..event.clone() };
    let forged = probe.client.post(&source.path()).header(ID, &event.id).header(TIMESTAMP, &at);
    let forged = forged.header(SIGNATURE, NO_SIGNATURE).body("application/json", event.body.clone());
    let calls: Vec<(&str, u16, Call)> = vec![
        ("forged", 401, forged),
        ("too old", 400, source.delivery_at(&probe.client, &event, now - 86_400)),
        ("taken", 200, send(&event)),
        ("known", 200, send(&event)),
        ("changed", 409, send(&changed)),
        ("no JSON", 400, send(&body(format!("{{\"{canary}\"")))),
        ("no event", 422, send(&body(format!("[\"{canary}\"]")))),
        ("too deep", 422, send(&body(format!("{}\"{canary}\"", "[".repeat(LEVELS))))),
    ];
    let count = calls.len();
    for (what, status, call) in calls {
        let answer = call.purpose(what).patiently().send().await?;
        ensure(answer.status == status, || {
            format!("an event that is {what} answered {} {}", answer.status, answer.said())
        })?;
        let said = format!("{:?} {}", answer.headers, answer.body_text());
        let secret = source.secret.trim_start_matches("whsec_");
        for (part, whose) in [
            (canary.as_str(), "what was sent"),
            (secret, "the secret"),
            (right.trim_start_matches("v1,"), "the right signature"),
        ] {
            ensure(!said.contains(part), || format!("the answer to an event that is {what} tells {whose}"))?;
        }
    }
    passed(format!("{count} kinds of answers tell nothing of the event, its signature and the secret"))
}
