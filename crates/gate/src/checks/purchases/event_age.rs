//! Replays from the shelf: what was signed too long ago, or is signed ahead, is refused, and its event is still new afterwards.

use super::{
    limits::{SECONDS_TOO_FAR_AHEAD, SECONDS_TOO_OLD},
    till::{NOTHING, is},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    webhook::{Event, ID, SIGNATURE, TIMESTAMP},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.event-age",
    title: "An event that was signed too long ago, ahead, or at no readable time is refused",
    promises: &["WHK-2", "T-PU-03"],
    priority: Priority::P0,
    references: &[Reference::Asvs("4.1.5"), Reference::Cwe(294), Reference::Cwe(613)],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_age"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Other ways to write a time, with `T` for the present second.
const UNREADABLE: &[&str] = &["", "now", "-T", "+T", "T.0", "Te0", "0xT", " T", "T000"];

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let event = Event::new(NOTHING, &serde_json::json!({}));
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let day = 24 * 60 * 60;
    for at in [-SECONDS_TOO_OLD, -day, -now, SECONDS_TOO_FAR_AHEAD, day, 100 * 365 * day] {
        let call = source.delivery_at(&probe.client, &event, now + at).purpose(format!("{at} s from now"));
        let answer = call.patiently().send().await?;
        ensure(answer.status == 400 && answer.code() == "event_out_of_time", || {
            format!("signed {at} s from now, it answered {} {}", answer.status, answer.said())
        })?;
    }
    for written in UNREADABLE {
        let at = written.replace('T', &now.to_string());
        let signature = source.signature(&event.id, &at, &event.body);
        let call = probe.client.post(&source.path()).header(ID, &event.id).header(TIMESTAMP, &at);
        let call = call.secret_header(SIGNATURE, signature).body("application/json", event.body.clone());
        let answer = call.purpose("a time that is none").patiently().send().await?;
        ensure(matches!(answer.status, 400 | 401), || {
            format!("the time {at:?} answered {} {}", answer.status, answer.said())
        })?;
    }
    let taken = source.delivery(&probe.client, &event).purpose("signed now").patiently().send().await?;
    ensure(is(&taken, "recorded"), || {
        format!("signed now, the event answered {} {}", taken.status, taken.said())
    })?;
    passed(format!("six times out of bounds and {} that are none were refused", UNREADABLE.len()))
}
