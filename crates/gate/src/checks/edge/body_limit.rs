//! A body that is one byte too long is refused, whether its length is announced or not, and before it is all read (SEC-7).

use super::limits::{GLANCE, LONG_SILENCE, PIECE_BYTES, UNENDING_BYTES};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Heard},
    openapi::{Admits, Operation},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.body-limit",
    title: "A body one byte over its bound is refused, with and without Content-Length",
    promises: &["SEC-7"],
    priority: Priority::P0,
    references: &[Reference::Asvs("15.2.2"), Reference::Cwe(770), Reference::Cwe(400), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("body_limit"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const JSON: &str = "application/json";

async fn run(probe: Probe) -> Outcome {
    let mut seen = 0;
    // Where a member is needed, a stranger is refused before the body is read.
    let member = if probe.world.members.can_make() { Some(probe.member().await?) } else { None };
    for operation in probe.operations()? {
        let (Some(_), Some(most)) = (&operation.body, operation.body_bytes_max) else { continue };
        let is_off = operation.capability.as_deref().is_some_and(|name| probe.target.why_off(name).is_some());
        if is_off || matches!(operation.admits, Admits::Operator | Admits::Service | Admits::Holder) {
            continue;
        }
        let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        let call = || match &member {
            Some(member) if operation.needs_session() => {
                member.call(operation.method.clone(), &path).patiently()
            }
            _ => probe.client.call(operation.method.clone(), &path).patiently(),
        };
        let over = call().body(JSON, padded(most + 1)).send().await?;
        refuse(&operation, "one byte over", &over)?;
        seen += 1;
        let is_unread = member.is_none() && operation.needs_session();
        if is_unread || probe.is_scarce(&operation.class) {
            continue;
        }
        let over = call().chunked(JSON, padded(most + 1)).send().await?;
        refuse(&operation, "one byte over without Content-Length", &over)?;
        let full = call().body(JSON, padded(most)).send().await?;
        ensure(full.status != 413, || {
            format!("{}: {most} bytes, as described, are refused", operation.name())
        })?;
    }
    let read = unending(&probe).await?;
    passed(format!("{seen} operations; an unending body was refused after {} kB", read / 1024))
}

/// JSON of exactly so many bytes, whose one field nobody knows.
fn padded(bytes: usize) -> Vec<u8> {
    let frame = r#"{"padding":""}"#.len();
    format!("{{\"padding\":\"{}\"}}", "x".repeat(bytes.saturating_sub(frame))).into_bytes()
}

fn refuse(operation: &Operation, what: &str, answer: &Answer) -> Result<(), Ended> {
    ensure(answer.status == 413 && answer.code() == "payload_too_large", || {
        format!("{}: {what} answered {} {}", operation.name(), answer.status, answer.said())
    })
}

/// How much of a body without end is sent before the refusal comes.
async fn unending(probe: &Probe) -> Result<usize, Ended> {
    let raw = probe.raw()?;
    let head = format!(
        "POST /v1/auth/refresh HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        raw.authority()
    );
    let mut wire = raw.open().await?;
    let chunk = format!("{PIECE_BYTES:x}\r\n{}\r\n", " ".repeat(PIECE_BYTES));
    let mut is_taken = wire.send(head.as_bytes()).await.is_ok();
    let (mut sent, mut heard) = (0, Heard::default());
    while is_taken && sent < UNENDING_BYTES {
        let sending = tokio::time::timeout(LONG_SILENCE, wire.send(chunk.as_bytes())).await;
        is_taken = sending.is_ok_and(|sent| sent.is_ok());
        sent += PIECE_BYTES;
        heard = wire.listen(GLANCE).await;
        is_taken &= heard.bytes.is_empty() && !heard.is_closed;
    }
    if heard.bytes.is_empty() {
        heard = wire.listen(LONG_SILENCE).await;
    }
    raw.record("a body without end", head.as_bytes(), &heard);
    ensure(sent < UNENDING_BYTES, || {
        format!("{} MB of one body were taken without a refusal", sent / 1024 / 1024)
    })?;
    ensure(heard.status() == Some(413), || {
        format!("a body without end was answered with {:?}", heard.status())
    })?;
    Ok(sent)
}
