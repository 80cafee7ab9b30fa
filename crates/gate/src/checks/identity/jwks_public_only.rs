//! Other services verify members' tokens with the published keys; what is published must not sign.

use std::collections::BTreeSet;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.jwks-public-only",
    title: "The published keys are public keys for signatures and nothing more",
    promises: &["IDN-10", "SES-3"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("9.1.2"),
        Reference::Asvs("13.3.1"),
        Reference::Cwe(522),
        Reference::Cwe(200),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("jwks_public_only"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Members of keys that only their owner may know (RFC 7518, 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "private_key"];
const ALGORITHMS: [&str; 5] = ["ES256", "ES384", "EdDSA", "RS256", "PS256"];

async fn run(probe: Probe) -> Outcome {
    let answer = probe.client.get("/.well-known/jwks.json").purpose("the published keys").expect(200).await?;
    let keys = answer.json()["keys"].as_array().cloned().unwrap_or_default();
    if keys.is_empty() {
        return Err(Ended::error("no key is published"));
    }
    let mut kids = BTreeSet::new();
    for key in &keys {
        let get = |name: &str| key[name].as_str().unwrap_or_default();
        for name in PRIVATE {
            ensure(key.get(name).is_none(), || format!("a published key has its private member {name:?}"))?;
        }
        ensure(get("kty") != "oct", || "a shared key is published".to_owned())?;
        ensure(ALGORITHMS.contains(&get("alg")), || format!("a key is for {:?}", get("alg")))?;
        ensure(["", "sig"].contains(&get("use")), || format!("a key is for {:?}", get("use")))?;
        ensure(!get("kid").is_empty(), || "a key has no kid".to_owned())?;
        ensure(kids.insert(get("kid").to_owned()), || "two keys have one kid".to_owned())?;
    }
    passed(format!("{} public keys", keys.len()))
}
