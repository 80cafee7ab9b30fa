//! Refusals have one form and tell nothing from inside (RFC 9457): every operation is asked wrongly in many ways.

use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::{limits, problems};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call},
    openapi::{Admits, Operation},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.problem-form",
    title: "Every refusal is a problem with a stable code and the request id, and tells nothing from inside",
    promises: &["SEC-9", "OBS-1"],
    priority: Priority::P0,
    references: &[Reference::Asvs("16.5.1"), Reference::Cwe(209), Reference::Cwe(756), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("problem_details"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// A value that must not come back.
const CANARY: &str = "canary-7f3a91";

async fn run(probe: Probe) -> Outcome {
    // Without a way to make members only strangers ask.
    let member = if probe.world.members.can_make() { Some(probe.member().await?) } else { None };
    let operations = probe.operations()?;
    let (mut refusals, mut codes) = (0, std::collections::BTreeSet::new());
    let mut client = probe.client.clone();
    for operation in &operations {
        // The sign-in routes have the smallest quota: each is asked from an address of its own.
        if operation.class == "auth" {
            client = probe.another_client()?;
        }
        let known = member.as_ref().filter(|_| operation.needs_session()).map(|member| member.at(&client));
        let most = if probe.is_scarce(&operation.class) { limits::SCARCE_SHAPES } else { usize::MAX };
        let mut asked = Vec::new();
        for shape in shapes(operation).into_iter().take(most) {
            let (method, path) = (shape.0.clone(), shape.1.clone());
            asked.extend(known.iter().map(|known| ask(known.call(method.clone(), &path), shape.clone())));
            asked.push(ask(client.call(method, &path), shape));
        }
        let mut asked = stream::iter(asked).buffer_unordered(limits::WRONG_AT_ONCE);
        while let Some((method, path, answer)) = asked.next().await {
            let answer = answer?;
            let faults = problems::faults(&answer, CANARY);
            ensure(faults.is_empty(), || {
                format!(
                    "{method} {path} answered {} with {}: {}",
                    answer.status,
                    faults.join(", "),
                    answer.said()
                )
            })?;
            ensure(answer.status != 500, || format!("{method} {path} answered 500: {}", answer.said()))?;
            if answer.status >= 400 {
                refusals += 1;
                codes.insert(answer.code());
            }
        }
    }
    passed(format!("{refusals} refusals with {} codes", codes.len()))
}

async fn ask(call: Call, (method, path, body): Shape) -> (Method, String, Result<Answer, Ended>) {
    let call = call.purpose("asked wrongly").patiently();
    let call = match body {
        Some((kind, body)) => call.body(kind, body),
        None => call,
    };
    (method, path, call.send().await)
}

type Shape = (Method, String, Option<(&'static str, Vec<u8>)>);

/// Wrong requests to one operation. What would end a session or a member if it were right is never among them.
fn shapes(operation: &Operation) -> Vec<Shape> {
    let method = || operation.method.clone();
    let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
    let mut shapes: Vec<Shape> = Vec::new();
    if !operation.parameters.is_empty() {
        for wrong in ["x", "0", "..%2f..%2fetc", "%00", "1'--", &"9".repeat(300)] {
            shapes.push((
                method(),
                operation.filled(|_| wrong.to_owned()),
                operation.body.as_ref().map(json),
            ));
        }
        if operation.method != Method::DELETE || operation.admits == Admits::Operator {
            shapes.push((method(), path.clone(), operation.body.as_ref().map(json)));
        }
    }
    for query in &operation.queries {
        for wrong in ["-1", "1e9", "%00", "'%20OR%201=1--", "%f0%28%8c%bc", CANARY] {
            shapes.push((method(), format!("{path}?{query}={wrong}"), None));
        }
    }
    let Some(example) = &operation.body else { return shapes };
    let raw: [&[u8]; 7] =
        [b"{", b"{\"text\":\"\\ud800\"}", b"[]", b"null", b"\"canary-7f3a91\"", b"{\"a\":}", b"\xff\xfe{}"];
    for body in raw {
        shapes.push((method(), path.clone(), Some(("application/json", body.to_vec()))));
    }
    for field in example.as_object().into_iter().flatten().map(|(name, _)| name) {
        // The last ones are texts; where they are taken, it is by a throw-away member's own thing.
        let texts = [json!("\u{0}"), json!("a\u{0}b\u{202e}\u{feff}\u{1b}[2J"), json!("x".repeat(30_000))];
        let texts = texts.into_iter().filter(|_| example[field].is_string());
        for wrong in [json!({ CANARY: 1 }), json!([[CANARY]]), json!(1e300)].into_iter().chain(texts) {
            let mut body = example.clone();
            // Nobody is to be mailed.
            if example.get("email").is_some() {
                body["email"] = json!("no address");
            }
            body[field] = wrong;
            shapes.push((method(), path.clone(), Some(json(&body))));
        }
    }
    shapes
}

fn json(body: &Value) -> (&'static str, Vec<u8>) {
    ("application/json", body.to_string().into_bytes())
}
