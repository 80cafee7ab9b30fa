//! What browsers are sent to a provider with: a state and a nonce that nobody guesses, PKCE, and a way back that is configured.

use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

use crate::{
    check::{
        Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.oauth-request",
    title: "Sign-ins at a provider are asked for with state, nonce and PKCE (S256)",
    promises: &["IDN-1", "IDN-3"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("10.1.2"),
        Reference::Asvs("10.2.1"),
        Reference::Asvs("10.5.1"),
        Reference::Cwe(352),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InHeader(
        "location",
        "code_challenge_method=S256",
        "code_challenge_method=plain",
    )),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Characters of 128 bits as base64url.
const UNGUESSABLE_CHARS: usize = 22;

async fn run(probe: Probe) -> Outcome {
    let mut tried = Vec::new();
    for provider in ["google", "apple"] {
        if probe.target.why_off(&format!("{provider}_oauth")).is_none() {
            let (first, second) = (parameters(&probe, provider).await?, parameters(&probe, provider).await?);
            judge(&probe, provider, &first)?;
            for name in ["state", "nonce", "code_challenge"] {
                let is_new = first.get(name) != second.get(name);
                ensure(is_new, || format!("two sign-ins at {provider} have the same {name}"))?;
            }
            tried.push(provider);
        }
    }
    if tried.is_empty() {
        return Err(Ended::NotApplicable("no provider is configured".to_owned()));
    }
    passed(format!("state, nonce, S256 challenge and the configured way back ({})", tried.join(", ")))
}

async fn parameters(probe: &Probe, provider: &str) -> Result<BTreeMap<String, String>, Ended> {
    let start = probe.browser().get(&format!("/v1/auth/{provider}/start")).patiently().expect(303).await?;
    let url = start.header("location").and_then(|text| Url::parse(text).ok());
    let url = url.ok_or_else(|| Ended::error("the start leads nowhere"))?;
    Ok(url.query_pairs().into_owned().collect())
}

fn judge(probe: &Probe, provider: &str, parameters: &BTreeMap<String, String>) -> Result<(), Ended> {
    let get = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    for name in ["state", "nonce", "code_challenge"] {
        let length = get(name).len();
        ensure(length >= UNGUESSABLE_CHARS, || format!("{provider}: {name} has {length} characters"))?;
    }
    let method = get("code_challenge_method");
    ensure(method == "S256", || format!("{provider}: the challenge's method is {method:?}"))?;
    ensure(get("response_type") == "code", || {
        format!("{provider}: the response type is {:?}", get("response_type"))
    })?;
    let back = format!("/v1/auth/{provider}/callback");
    let way_back = get("redirect_uri");
    ensure(way_back.ends_with(&back), || format!("{provider}: the way back is {way_back}"))?;
    let is_known = probe.target.config["api_bases"]
        .as_array()
        .is_none_or(|bases| bases.iter().filter_map(Value::as_str).any(|base| way_back.starts_with(base)));
    ensure(is_known, || format!("{provider}: the way back {way_back} is no address of the deployment"))
}
