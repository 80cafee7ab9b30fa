//! The automated tests' way in is for test mode only: elsewhere it does not open, whatever header comes.

use serde_json::json;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.test-sign-in-off",
    title: "The test sign-in is shut outside of test mode, and never open in staging or prod",
    promises: &["IDN-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("13.4.2"),
        Reference::Asvs("6.3.3"),
        Reference::Cwe(489),
        Reference::Api(2),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::With(&[("TEST_MODE", "false")], &Control::Guard("test_mode")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let off = probe.target.why_off("test_login");
    let environment = probe.target.environment.as_str();
    let may_be_open = environment == "dev";
    ensure(off.is_some() || may_be_open, || format!("it is open in {environment}"))?;
    if off.is_none() {
        return Err(Ended::NotApplicable("this deployment of a developer runs in test mode".to_owned()));
    }
    for header in [None, Some("0123456789abcdef0123"), Some("secret"), Some("test")] {
        let call = probe.client.post("/v1/auth/test-login").purpose("tries the test sign-in").patiently();
        let call = header.into_iter().fold(call, |call, header| call.header("x-test-auth", header));
        let answer = call.json(&json!({ "identity": "gate", "role": "operator" })).send().await?;
        ensure(!answer.is_success(), || "it opened a session".to_owned())?;
        let is_off = answer.status == 503 || answer.status == 404;
        ensure(is_off, || format!("it answers {}, as if it were there", answer.status))?;
    }
    passed("it is off, and four headers did not open it")
}
