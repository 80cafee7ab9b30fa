//! Bodies that are too long, packed, nested too deep or no event: refused in bounded time, though they are rightly signed.

use time::OffsetDateTime;

use super::{
    limits::{LEVELS, REFUSAL_MAX, UNPACKED_BYTES},
    till::NOTHING,
};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    packed,
    probe::Probe,
    webhook::{Event, ID, NO_SIGNATURE, SIGNATURE, Source, TIMESTAMP},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.bodies",
    title: "Events that are too long, packed, nested too deep or none are refused in bounded time",
    promises: &["WHK-1", "SEC-7", "T-PU-09"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("15.2.2"),
        Reference::Cwe(409),
        Reference::Cwe(674),
        Reference::Cwe(770),
        Reference::Api(4),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("body_limit"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let most = probe
        .operations()?
        .iter()
        .find(|operation| operation.name() == "POST /v1/webhooks/{source}")
        .and_then(|operation| operation.body_bytes_max)
        .ok_or_else(|| Ended::fail("the description does not tell how long an event may be"))?;
    let long = padded(most + 1);
    for is_chunked in [false, true] {
        let event = Event { body: long.clone(), ..Event::new(NOTHING, &serde_json::json!({})) };
        let call = source.delivery(&probe.client, &event);
        let call = if is_chunked { call.chunked("application/json", long.clone()) } else { call };
        let answer = call.purpose("one byte over").patiently().send().await?;
        ensure(answer.status == 413 && answer.took < REFUSAL_MAX, || {
            format!("{} bytes answered {} after {:?}", long.len(), answer.status, answer.took)
        })?;
    }
    let bomb = packed::bomb(UNPACKED_BYTES).await?;
    let call = probe.client.post(&source.path()).body("application/json", bomb);
    let call = call.header("content-encoding", "gzip").purpose("packed").patiently();
    let answer = call.send().await?;
    ensure(answer.status == 415 && answer.took < REFUSAL_MAX, || {
        format!("a packed body answered {} after {:?}", answer.status, answer.took)
    })?;

    let deep = format!("{}1{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    let nested = format!("{{\"type\":\"{NOTHING}\",\"data\":{deep}}}");
    for (what, body, status) in [
        ("nested too deep", nested.as_str(), 422),
        ("nothing but brackets", &deep[..LEVELS], 422),
        ("no JSON", "{", 400),
        ("an array", "[]", 422),
        ("a number", "1", 422),
        ("no kind", "{}", 422),
        ("a kind that is no text", "{\"type\":1}", 422),
    ] {
        let event = Event { id: Event::new(NOTHING, &serde_json::json!({})).id, body: body.to_owned() };
        let signed = source.delivery(&probe.client, &event).purpose(what).patiently().send().await?;
        ensure(signed.status == status && signed.took < REFUSAL_MAX, || {
            format!("{what}, rightly signed: {} {} after {:?}", signed.status, signed.said(), signed.took)
        })?;
        // What nobody signed is not parsed: all of it is refused for the same reason.
        let forged = forged(&probe, source, &event).purpose(what).patiently().send().await?;
        ensure(forged.status == 401 && forged.took < REFUSAL_MAX, || {
            format!("{what}, not signed: {} {} after {:?}", forged.status, forged.said(), forged.took)
        })?;
    }
    passed(format!("{most} bytes are the most; what is longer, packed, deep or no event was refused"))
}

fn forged(probe: &Probe, source: &Source, event: &Event) -> crate::client::Call {
    let at = OffsetDateTime::now_utc().unix_timestamp().to_string();
    let call = probe.client.post(&source.path()).header(ID, &event.id).header(TIMESTAMP, at);
    let call = call.header(SIGNATURE, NO_SIGNATURE);
    call.body("application/json", event.body.clone())
}

/// An event of exactly so many bytes.
fn padded(bytes: usize) -> String {
    let frame = format!("{{\"type\":\"{NOTHING}\",\"padding\":\"\"}}").len();
    format!("{{\"type\":\"{NOTHING}\",\"padding\":\"{}\"}}", "x".repeat(bytes.saturating_sub(frame)))
}
