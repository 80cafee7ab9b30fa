//! Tokens that script can read are not for browsers: a page that asks for them is refused (SES-4).

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.bearer-not-for-browsers",
    title: "A page can't get tokens that script can read",
    promises: &["SES-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.3.4"), Reference::Cwe(922), Reference::Api(2)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("bearer_not_for_browsers"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let own = probe.target.origin();
    let signs = [("origin", own.as_str()), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")];
    for path in ["/v1/auth/passkey/login/start", "/v1/auth/refresh", "/v1/auth/email/finish"] {
        for (name, value) in signs {
            let call = probe.client.post(path).header("mainstay-client", "bearer").header(name, value);
            let answer = call.json(&serde_json::json!({})).patiently().send().await?;
            // What is switched off answers that first; there is nothing to get then.
            let is_refused = answer.status == 403 && answer.code() == "bearer_not_for_browsers"
                || answer.code() == "capability_unavailable";
            ensure(is_refused, || {
                format!("POST {path} with {name}: {value} answered {} {}", answer.status, answer.said())
            })?;
        }
    }
    passed("three ways in, each with three signs of a browser")
}
