//! The way in for automated tests is closed outside of a developer's machine, whoever knocks and however (IDN-8).

use serde_json::json;

use crate::{
    check::{
        Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.test-mode",
    title: "The test sign-in is closed outside dev",
    promises: &["IDN-8", "CFG-3"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("13.4.2"),
        Reference::Asvs("15.2.3"),
        Reference::Cwe(489),
        Reference::Cwe(1188),
    ],
    needs: &[Need::Strict],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody(
        "\"test_login\":{\"enabled\":false",
        "\"test_login\":{\"enabled\":true",
    )),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let config = probe.client.get("/v1/config").patiently().expect(200).await?.json();
    let is_on = config.pointer("/capabilities/test_login/enabled").and_then(serde_json::Value::as_bool);
    ensure(is_on == Some(false), || format!("test_login is on in {}", probe.target.environment))?;
    for (what, header) in [("no header", None), ("a guess", Some("test")), ("an empty header", Some(""))] {
        let mut call =
            probe.client.post("/v1/auth/test-login").json(&json!({ "identity": "gate" })).patiently();
        if let Some(header) = header {
            call = call.header("x-test-auth", header);
        }
        let answer = call.purpose(what).send().await?;
        ensure(matches!(answer.status, 404 | 503) && answer.all("set-cookie").is_empty(), || {
            format!("the test sign-in with {what} answered {} {}", answer.status, answer.said())
        })?;
    }
    passed("off, and refused with three kinds of headers")
}
