//! A way in that is switched off says so, and which it is; it neither works nor looks like a fault.

use serde_json::json;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.capabilities-off",
    title: "Ways in that are off answer 503 with their name and reason",
    promises: &["IDN-2", "CAP-2"],
    priority: Priority::P1,
    references: &[Reference::Asvs("6.3.3"), Reference::Cwe(489), Reference::Api(9)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("capability_off"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// The capability of each way in, and a request of it.
const WAYS: [(&str, &str, &str); 13] = [
    ("passkey", "POST", "/v1/auth/passkey/register/start"),
    ("passkey", "POST", "/v1/auth/passkey/register/finish"),
    ("passkey", "POST", "/v1/auth/passkey/login/start"),
    ("passkey", "POST", "/v1/auth/passkey/login/finish"),
    ("email_code", "POST", "/v1/auth/email/start"),
    ("email_code", "POST", "/v1/auth/email/finish"),
    ("google_oauth", "GET", "/v1/auth/google/start"),
    ("google_oauth", "GET", "/v1/auth/google/callback"),
    ("apple_oauth", "GET", "/v1/auth/apple/start"),
    ("apple_oauth", "POST", "/v1/auth/apple/callback"),
    ("password", "POST", "/v1/auth/register"),
    ("password", "POST", "/v1/auth/login"),
    ("social_login", "POST", "/v1/auth/social_login"),
];

async fn run(probe: Probe) -> Outcome {
    let mut off = 0;
    for (capability, method, path) in WAYS {
        let Some(reason) = probe.target.why_off(capability) else { continue };
        let call = match method {
            "GET" => probe.client.get(path),
            _ => probe.client.post(path).json(&json!({ "email": "gate@gate.example", "password": "x" })),
        };
        let answer = call.purpose(format!("{capability} is off")).patiently().send().await?;
        ensure(answer.status == 503, || {
            format!("{method} {path} answers {}, though {capability} is off", answer.status)
        })?;
        let problem = answer.json();
        ensure(problem["code"] == "capability_unavailable", || {
            format!("{path} has the code {}", problem["code"])
        })?;
        ensure(problem["capability"] == capability, || {
            format!("{path} names the capability {}", problem["capability"])
        })?;
        ensure(problem["reason"] == reason.as_str(), || {
            format!("{path} gives another reason than the configuration")
        })?;
        off += 1;
    }
    if off == 0 {
        return Err(Ended::NotApplicable("every way in is on".to_owned()));
    }
    passed(format!("{off} routes that are off said so, with the reason"))
}
