//! Malformed requests are answered without the service's insides: no stack trace, no statement, no debug page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    limits,
    probe::Probe,
    scan::{insides, party::Who},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.errors",
    title: "Errors do not show the service's insides",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("16.5.1"),
        Reference::Asvs("13.4.2"),
        Reference::Cwe(209),
        Reference::Api(8),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("errors"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const HOSTILE: &[&str] = &[
    "'",
    "%27%20OR%201%3D1--",
    "%00",
    "%FF%FE",
    "..%2f..%2fetc%2fpasswd",
    "99999999999999999999",
    "%7B%7B7*7%7D%7D",
    "null",
];
const BODIES: &[(&str, &str)] = &[
    ("application/json", "{\"a\":"),
    ("application/json", "[]"),
    ("application/json", "null"),
    ("application/json", "{\"a\":{\"$ne\":null}}"),
    ("application/xml", "<?xml version=\"1.0\"?><a>"),
    ("multipart/form-data", "no boundary"),
    ("application/json", "\"\\ud800\""),
];

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let party = stranger.party(Who::A, &probe.client).await.ok();
    let call = |method: Method, path: &str| match &party {
        Some(party) => party.call(method, path),
        None => probe.client.call(method, path),
    };
    let mut calls = Vec::new();
    for hostile in HOSTILE {
        calls.push(call(Method::GET, &format!("/{hostile}")));
        for query in ["page", "limit", "sort", "filter", "q"] {
            if let Some(list) = stranger.file.object.as_ref().and_then(|object| object.list.as_deref()) {
                let mark = if list.contains('?') { '&' } else { '?' };
                calls.push(call(Method::GET, &format!("{list}{mark}{query}={hostile}")));
            }
        }
        if let Some(object) = &stranger.file.object {
            calls.push(call(Method::GET, &object.read.replace("{id}", hostile)));
        }
    }
    for operation in
        stranger.operations().iter().filter(|one| one.method == Method::GET).take(limits::SCAN_OPERATIONS_MAX)
    {
        for hostile in ["'", "%00"] {
            let path =
                operation.template.split('/').map(|part| if part.starts_with('{') { hostile } else { part });
            calls.push(call(Method::GET, &path.collect::<Vec<_>>().join("/")));
        }
    }
    for (kind, body) in BODIES {
        if let Some(object) = &stranger.file.object {
            calls.push(call(Method::POST, &object.create.path).body(kind, *body));
        }
    }
    let wrong_kinds =
        wrong_kinds(stranger.file.object.as_ref().and_then(|object| object.create.json.as_ref()));
    let (mut asked, mut broken) = (calls.len(), 0);
    for call in calls {
        let answer = call.patiently().send().await?;
        broken += usize::from(answer.status >= 500);
        judge(&answer)?;
    }
    for body in wrong_kinds {
        let (Some(object), Some(party)) = (&stranger.file.object, &party) else { break };
        let answer = party.call(Method::POST, &object.create.path).json(&body).patiently().send().await?;
        stranger.take_thing(party, &answer, "");
        asked += 1;
        broken += usize::from(answer.status >= 500);
        judge(&answer)?;
    }
    if broken > 0 {
        probe.note(format!(
            "{broken} malformed requests were answered with 5xx, which says that they were not expected"
        ));
    }
    passed(format!("{asked} malformed requests showed nothing of the insides"))
}

/// The object's fields, each once with a value of another kind.
fn wrong_kinds(template: Option<&Value>) -> Vec<Value> {
    let Some(fields) = template.and_then(Value::as_object) else { return Vec::new() };
    let wrong = |name: &String| {
        let mut body = fields.clone();
        body.insert(name.clone(), json!({ "$gt": [1e300, "\u{0}'\""] }));
        Value::Object(body)
    };
    fields.keys().map(wrong).collect()
}

fn judge(answer: &Answer) -> Result<(), Ended> {
    let found = insides::found_in(&answer.body_text());
    ensure(found.is_none(), || {
        let (what, excerpt) = found.unwrap_or_default();
        format!("an answer {} shows {what}: {excerpt}", answer.status)
    })
}
