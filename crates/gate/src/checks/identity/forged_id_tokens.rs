//! ID tokens that no provider issued, at the legacy sign-in that takes tokens from clients (RFC 8725, OpenID Connect Core 3.1.3.7).

use serde_json::{Value, json};
use url::Url;

use crate::{
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    forge::{Es256Key, Rs256Key, Token},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.forged-id-tokens",
    title: "Forged ID tokens sign nobody in",
    promises: &["IDN-4", "T-ID-05", "T-ID-07"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("9.1.1"),
        Reference::Asvs("9.1.2"),
        Reference::Asvs("9.1.3"),
        Reference::Asvs("6.8.2"),
        Reference::Cwe(347),
        Reference::Api(2),
        Reference::Advisory("CVE-2026-31813"),
    ],
    needs: &[Need::Capability("social_login")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("id_token_signature"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mut tried = 0;
    for provider in ["google", "apple"] {
        if probe.target.why_off(&format!("{provider}_oauth")).is_some() {
            continue;
        }
        let forged = forgeries(&probe, provider).await?;
        for (name, token) in &forged {
            let what = format!("{name}, at {provider}");
            let call = probe.browser().post("/v1/auth/social_login").purpose(&what).patiently();
            let answer = call.json(&json!({ "provider": provider, "id_token": token })).send().await?;
            if answer.status == 503 {
                return Err(Ended::Unanswerable(format!(
                    "{provider}'s keys could not be fetched: {}",
                    answer.said()
                )));
            }
            unauthorised(&answer, &what)?;
        }
        tried += forged.len();
    }
    if tried == 0 {
        return Err(Ended::NotApplicable("no provider is configured".to_owned()));
    }
    passed(format!("{tried} forged tokens were refused"))
}

async fn forgeries(probe: &Probe, provider: &str) -> Result<Vec<(String, String)>, Ended> {
    let client_id = probe.target.config.pointer(&format!("/providers/{provider}/client_id"));
    let client_id = client_id.and_then(Value::as_str).unwrap_or_default();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let (rsa, ec) = (Rs256Key::new()?, Es256Key::new()?);
    let mut forged = Vec::new();
    for issuer in issuers(probe, provider).await? {
        let token = Token {
            header: json!({ "alg": "RS256", "kid": "gate", "typ": "JWT" }),
            claims: json!({
                "iss": issuer, "aud": client_id, "azp": client_id, "sub": "gate-forged", "iat": now, "exp": now + 300,
                "auth_time": now, "email": "forged@gate.example", "email_verified": true,
            }),
        };
        let ec_token = token.clone().header("alg", "ES256");
        let list = [
            ("a foreign key under a made-up kid", token.rs256(&rsa)?),
            ("a foreign key in a jwk header", token.clone().header("jwk", rsa.jwk()).rs256(&rsa)?),
            ("an EC key in a jwk header", ec_token.header("jwk", ec.jwk()).es256(&ec)?),
            ("alg none", token.clone().header("alg", "none").signed_with(&[])),
            ("no signature", token.signed_with(&[])),
            ("HS256 with the client id as key", token.clone().hs256(client_id.as_bytes())),
            ("HS256 with an empty key", token.clone().hs256(b"")),
            ("an expired token", token.clone().claim("exp", now - 3600).rs256(&rsa)?),
            ("another audience", token.claim("aud", "somebody-else").rs256(&rsa)?),
        ];
        forged.extend(list.into_iter().map(|(name, token)| (format!("{name}, issuer {issuer}"), token)));
    }
    Ok(forged)
}

/// The provider's public issuers, and what stands before the path to which this deployment sends browsers.
async fn issuers(probe: &Probe, provider: &str) -> Result<Vec<String>, Ended> {
    let known: &[&str] = match provider {
        "google" => &["https://accounts.google.com"],
        _ => &["https://appleid.apple.com"],
    };
    let mut issuers: Vec<String> = known.iter().map(|issuer| (*issuer).to_owned()).collect();
    let start = probe.browser().get(&format!("/v1/auth/{provider}/start")).patiently().send().await?;
    if let Some(url) = start.header("location").and_then(|text| Url::parse(text).ok()) {
        let mut issuer = url.origin().ascii_serialization();
        issuers.push(issuer.clone());
        for segment in url.path_segments().into_iter().flatten().take(1) {
            issuer = format!("{issuer}/{segment}");
            issuers.push(issuer.clone());
        }
    }
    issuers.dedup();
    Ok(issuers)
}
