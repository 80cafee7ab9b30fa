//! The automated tests' way in, where it is on: only whoever knows the whole shared header gets in.

use serde_json::json;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::refused,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.test-sign-in-header",
    title: "The test sign-in is closed without its exact header",
    promises: &["IDN-8"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.3.3"), Reference::Cwe(287), Reference::Cwe(489), Reference::Api(2)],
    needs: &[Need::TestSignIn],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("test_sign_in_header"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let guesses = ["", " ", "x", "true", "null", "0123456789abcdef", "Bearer x"];
    let name = probe.world.members.name()?;
    let body = json!({ "identity": name, "role": "operator" });
    let mut calls = vec![("no header".to_owned(), probe.client.post(PATH))];
    for guess in guesses {
        calls.push((format!("the header {guess:?}"), probe.client.post(PATH).header("x-test-auth", guess)));
    }
    let tried = calls.len();
    for (what, call) in calls {
        let answer = call.json(&body).purpose(&what).patiently().send().await?;
        refused(&answer, &what)?;
        ensure(answer.status == 403, || format!("{what} is answered with {}", answer.status))?;
    }
    // A member by the right header shows that the door is not simply shut.
    probe.bearer_member().await?;
    passed(format!("{tried} wrong headers were refused"))
}

const PATH: &str = "/v1/auth/test-login";
