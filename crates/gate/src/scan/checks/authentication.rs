//! Where the document says that somebody has to be signed in, nobody else gets an answer.

use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call},
    limits,
    probe::Probe,
    scan::{document::Operation, fill, party::Who},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.authentication",
    title: "What asks for a member is closed to everybody else",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("8.2.1"), Reference::Cwe(306), Reference::Api(2), Reference::Api(5)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("authentication"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let (mut refused, mut unclear) = (0_usize, Vec::new());
    if let Some(me) = &stranger.file.me {
        for answer in asked_by_nobody(&probe, &me.path).await? {
            let id = stranger.who(&answer).filter(|_| answer.is_success());
            ensure(id.is_none(), || {
                format!(
                    "GET {} answered nobody with {} as if it were {}",
                    me.path,
                    answer.status,
                    id.unwrap_or_default()
                )
            })?;
            refused += 1;
        }
    }
    if let (Ok(object), Ok(a)) = (stranger.object(), stranger.party(Who::A, &probe.client).await) {
        let thing = stranger.thing(&a).await?;
        let path = fill::text(&object.read, &a.values(&[("id", &thing.id)]));
        for answer in asked_by_nobody(&probe, &path).await? {
            let is_shown = answer.is_success() && answer.body_text().contains(&thing.mark);
            ensure(!is_shown, || {
                format!("GET {} showed A's object to nobody ({})", object.read, answer.status)
            })?;
            refused += 1;
        }
    }
    let secured = stranger.operations().iter().filter(|one| one.is_secured).take(limits::SCAN_OPERATIONS_MAX);
    for operation in secured {
        let Some(call) = harmless(&probe, operation) else {
            unclear.push(format!("{} (not sent: it could take effect)", operation.label()));
            continue;
        };
        let answer = call.purpose("asked by nobody").patiently().send().await?;
        match answer.status {
            401 | 403 | 407 | 300..=399 => refused += 1,
            200..=299 if is_empty(&answer) => {
                unclear.push(format!("{} (an empty answer)", operation.label()))
            }
            200..=299 => {
                return Err(Ended::fail(format!(
                    "the document says that {} asks for a member; it answered nobody with {}",
                    operation.label(),
                    answer.status
                )));
            }
            status => unclear.push(format!("{} ({status})", operation.label())),
        }
    }
    if refused == 0 {
        let why = "neither [me] or [object] in the target file nor a secured operation in an OpenAPI document (--openapi)";
        return Err(Ended::Unanswerable(format!("nothing is known that asks for a member: {why}")));
    }
    if !unclear.is_empty() {
        probe.note(format!("could not be told: {}", unclear.join(", ")));
    }
    passed(format!("{refused} requests of nobody were refused; {} could not be told", unclear.len()))
}

/// Asked without anything, and with a token that nobody gave.
async fn asked_by_nobody(probe: &Probe, path: &str) -> Result<[Answer; 2], Ended> {
    let sent = &probe.stranger()?.file.token;
    let without = probe.client.get(path).purpose("asked by nobody").patiently().send().await?;
    let made_up = probe.client.get(path).header(&sent.header, format!("{}scan-made-up-token", sent.prefix));
    let made_up = made_up.purpose("asked with a made-up token").patiently().send().await?;
    Ok([without, made_up])
}

/// The operation asked so that it does nothing even if nobody is asked who they are; nothing where that can't be had.
fn harmless(probe: &Probe, operation: &Operation) -> Option<Call> {
    let document = probe.target.stranger.as_ref()?.document.as_ref()?;
    let call = probe.client.call(operation.method.clone(), &document.made_up_path(operation));
    if operation.method.is_safe() {
        return Some(call);
    }
    if operation.has_path_parameters() || !document.takes_an_empty_body(operation) {
        return Some(call.json(&serde_json::json!({})));
    }
    None
}

/// Nothing, or lists with nothing in them: some services answer everybody and show each what is theirs.
fn is_empty(answer: &Answer) -> bool {
    fn has_list(value: &Value) -> bool {
        value.as_object().is_some_and(|fields| fields.values().any(Value::is_array))
    }
    fn is_nothing(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => {
                fields.is_empty()
                    || has_list(value) && fields.values().filter(|one| one.is_array()).all(is_nothing)
            }
            Value::Null => true,
            _ => false,
        }
    }
    answer.body.is_empty()
        || is_nothing(&answer.json()) && serde_json::from_slice::<Value>(&answer.body).is_ok()
}
