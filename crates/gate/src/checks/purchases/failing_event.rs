//! An event that is rightly signed and whose effect fails: it is kept and told, tried again, and set aside for a person in the end,
//! and it holds up nobody else's.

use serde_json::{Value, json};

use super::{
    limits::RETRIES_MAX,
    till::{NOTHING, fresh_name, is},
};
use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    members::Actor,
    probe::Probe,
    webhook::{Event, Source},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.failing-event",
    title: "An event whose effect fails is kept, tried again, and set aside for a person in the end",
    promises: &["WHK-5", "T-PU-08"],
    priority: Priority::P1,
    references: &[Reference::Asvs("16.5.3"), Reference::Cwe(703), Reference::Cwe(778)],
    needs: &[Need::Capability("purchases"), Need::WebhookSource, Need::Operator],
    // What is set aside raises an alarm.
    effect: Effect::Destructive,
    phase: Phase::Together,
    control: Control::Guard("webhook_failure"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const INBOX: &str = "/v1/operator/inbox";

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let operator = probe.operator().await?;
    let poison = Event::new("purchase.completed", &json!({ "purchase_id": fresh_name(), "amount": "much" }));
    let deliver = async |event: &Event, purpose: &str| {
        source.delivery(&probe.client, event).purpose(purpose).patiently().send().await
    };
    let taken = deliver(&poison, "a purchase of a word").await?;
    ensure(is(&taken, "recorded"), || {
        format!("an event without an amount answered {} {}", taken.status, taken.said())
    })?;
    let kept = kept(&operator, source, &poison.id).await?;
    // A deployment may have tried it again by itself meanwhile.
    ensure(text(&kept, "state") == "failed" && attempts(&kept) >= 1, || {
        format!("after its effect failed an event is {kept}")
    })?;
    ensure(kept.get("next_at").is_some_and(Value::is_string), || {
        format!("nobody will try a failed event again: {kept}")
    })?;
    let again = deliver(&poison, "the same once more").await?;
    let other = deliver(&Event::new(NOTHING, &json!({})), "another behind it").await?;
    ensure(is(&again, "duplicate") && is(&other, "recorded"), || {
        format!(
            "behind a failed event its copy answered {} {}, and another {} {}",
            again.status,
            again.said(),
            other.status,
            other.said()
        )
    })?;
    let tries = set_aside(&operator, &kept).await?;
    let ignored = operator.post(&format!("{INBOX}/{}/ignore", text(&kept, "id"))).purpose("nobody needs it");
    ignored.patiently().expect(200).await?;
    passed(format!("it failed, was tried {tries} times and set aside, and another event passed it"))
}

/// The event in the operator's view.
async fn kept(operator: &Actor, source: &Source, event_id: &str) -> Result<Value, Ended> {
    let path = format!("{INBOX}?source={}&limit=100", source.name);
    let page = operator.get(&path).purpose("what became of it?").patiently().expect(200).await?.json();
    let items = page.get("items").and_then(Value::as_array);
    let found = items.and_then(|items| items.iter().find(|item| text(item, "event_id") == event_id));
    found.cloned().ok_or_else(|| Ended::fail("an event that was recorded is not in the inbox".to_owned()))
}

/// Has it tried until it is set aside; answers how often it was tried.
async fn set_aside(operator: &Actor, kept: &Value) -> Result<i64, Ended> {
    let (id, mut before) = (text(kept, "id"), attempts(kept));
    for _ in 0..RETRIES_MAX {
        let retry = operator.post(&format!("{INBOX}/{id}/retry")).purpose("tries it again").patiently();
        let now = retry.expect(200).await?.json();
        ensure(attempts(&now) > before, || format!("after {before} attempts and a try an event is {now}"))?;
        if text(&now, "state") == "set_aside" {
            ensure(now.get("next_at").is_none_or(Value::is_null), || {
                format!("an event that is set aside is to be tried again: {now}")
            })?;
            return Ok(attempts(&now));
        }
        before = attempts(&now);
    }
    Err(Ended::fail(format!("after {before} attempts a failing event is not set aside")))
}

fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn attempts(item: &Value) -> i64 {
    item.get("attempts").and_then(Value::as_i64).unwrap_or_default()
}
