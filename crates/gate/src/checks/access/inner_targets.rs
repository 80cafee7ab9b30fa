//! Server-side request forgery: an operator's form names where events go, and must not lead into the network behind the server.

use serde_json::json;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.inner-targets",
    title: "Events can't be sent to what is inside",
    promises: &["WHK-6"],
    priority: Priority::P1,
    references: &[Reference::Asvs("1.3.6"), Reference::Cwe(918), Reference::Api(7)],
    needs: &[Need::Operator],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("inner_targets"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const ENDPOINTS: &str = "/v1/operator/webhook-endpoints";

/// This machine, its neighbours and a cloud's metadata, as URLs can be written.
const INSIDE: &[&str] = &[
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0x7f000001/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://localhost./",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[2002:7f00:1::]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[fe80::1]/",
    "https://metadata.google.internal/",
];

/// What is outside, and still no target.
const UNSAFE: &[&str] =
    &["http://hooks.example.com/", "https://user:password@hooks.example.com/", "file:///etc/passwd"];

async fn run(probe: Probe) -> Outcome {
    let is_there =
        probe.operations()?.iter().any(|operation| operation.name() == format!("POST {ENDPOINTS}"));
    if !is_there {
        return Err(Ended::NotApplicable("events are not sent to anybody here".to_owned()));
    }
    let operator = probe.operator().await?;
    for url in INSIDE.iter().chain(UNSAFE) {
        let tried = operator.post(ENDPOINTS).json(&json!({ "url": url, "description": "gate" })).patiently();
        let answer = tried.purpose("an endpoint is asked for").send().await?;
        if answer.status == 201 {
            // Also when the check fails: no endpoint stays behind.
            let id = answer.text_at("/endpoint/id")?;
            let _ = remove(&operator, &id).await;
        }
        ensure(answer.status == 422, || {
            format!("{url} as a target answered {} {}", answer.status, answer.said())
        })?;
    }
    let outside = json!({ "url": "https://hooks.example.com/", "description": "gate", "event_types": ["endpoint.test"] });
    let made = operator.post(ENDPOINTS).json(&outside).patiently();
    let made = made.purpose("one on the public internet").expect(201).await?;
    remove(&operator, &made.text_at("/endpoint/id")?).await?;
    passed(format!(
        "{} targets were refused, one on the public internet was not",
        INSIDE.len() + UNSAFE.len()
    ))
}

async fn remove(operator: &Actor, id: &str) -> Result<(), Ended> {
    let removal = operator.delete(&format!("{ENDPOINTS}/{id}")).patiently();
    removal.purpose("the endpoint is removed").expect(204).await?;
    Ok(())
}
