//! Access tokens that nobody issued (RFC 8725): every classic of forging, made from a real token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    client::Call,
    forge::{Es256Key, Rs256Key, Token},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.forged-tokens",
    title: "Forged access tokens open nothing",
    promises: &["SES-1", "SES-3", "T-ID-23"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("9.1.1"),
        Reference::Asvs("9.1.2"),
        Reference::Asvs("9.1.3"),
        Reference::Cwe(347),
        Reference::Cwe(345),
        Reference::Api(2),
        Reference::Advisory("CVE-2022-21449"),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("token_signature"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Nobody's id.
const SOMEBODY: &str = "00000000-0000-7000-8000-000000000001";

async fn run(probe: Probe) -> Outcome {
    let browser = probe.member().await?;
    let victim = probe.bearer_member().await?;
    let real = victim.access_token();
    let forgeries = forgeries(&probe, &real).await?;
    check(&probe, "the real token", &real).send().await.and_then(|answer| {
        if answer.status == 200 { Ok(()) } else { Err(Ended::error("the real token is refused")) }
    })?;
    for (name, token) in &forgeries {
        let answer = check(&probe, name, token).send().await?;
        unauthorised(&answer, name)?;
        let planted = browser.stolen();
        if let Some((cookie, _)) = browser.jar.ending_with("_access") {
            planted.jar.set(&cookie, token);
        }
        let answer = planted.get("/v1/auth/me").purpose(format!("{name}, as a cookie")).patiently();
        unauthorised(&answer.send().await?, &format!("{name}, as a cookie,"))?;
    }
    passed(format!("{} forgeries of one token were refused, as bearer and as cookie", forgeries.len()))
}

fn check(probe: &Probe, name: &str, token: &str) -> Call {
    probe
        .client
        .get("/v1/auth/me")
        .header("authorization", format!("Bearer {token}"))
        .purpose(name)
        .patiently()
}

async fn forgeries(probe: &Probe, real: &str) -> Result<Vec<(&'static str, String)>, Ended> {
    let token = Token::read(real)?;
    let (own, rsa) = (Es256Key::new()?, Rs256Key::new()?);
    let jwks = probe.client.get("/.well-known/jwks.json").patiently().expect(200).await?;
    let public = jwks.json().pointer("/keys/0").cloned().unwrap_or_default();
    let (signed, signature) = real.rsplit_once('.').unwrap_or((real, ""));
    let other = token.clone().claim("sub", SOMEBODY);
    let with_jwk = token.clone().header("jwk", own.jwk());
    let rs256 = token.clone().header("alg", "RS256");
    let far = probe.target.base.join("/v1/config").map(String::from).unwrap_or_default();
    Ok(vec![
        ("another member's name under the real signature", format!("{}.{signature}", other.signed_part())),
        ("no signature", format!("{signed}.")),
        ("no signature part at all", signed.to_owned()),
        ("a signature of zeros", token.signed_with(&[0; 64])),
        ("alg none", token.clone().header("alg", "none").signed_with(&[])),
        ("alg nOnE", token.clone().header("alg", "nOnE").signed_with(&[])),
        ("HS256 with the public key's JSON", token.clone().hs256(public.to_string().as_bytes())),
        ("HS256 with the public key's point", token.clone().hs256(&point(&public))),
        ("HS256 with the key id", token.clone().hs256(text(&token.header, "kid").as_bytes())),
        ("HS256 with an empty key", token.clone().hs256(b"")),
        ("a foreign key under the known kid", token.es256(&own)?),
        ("a foreign key in a jwk header", with_jwk.es256(&own)?),
        ("a foreign key in a jwk header, without kid", without(with_jwk, "kid").es256(&own)?),
        ("a foreign key behind jku", token.clone().header("jku", far.clone()).es256(&own)?),
        ("a foreign key behind x5u", token.clone().header("x5u", far).es256(&own)?),
        ("an unknown kid", token.clone().header("kid", "unknown").es256(&own)?),
        ("a kid that is a path", token.clone().header("kid", "../../../../dev/null").hs256(b"")),
        ("a kid that is SQL", token.clone().header("kid", "' UNION SELECT 'x' --").hs256(b"x")),
        ("RS256 with a foreign key", rs256.rs256(&rsa)?),
        ("RS256 with a foreign key in a jwk header", rs256.header("jwk", rsa.jwk()).rs256(&rsa)?),
        ("another audience", token.clone().claim("aud", "somebody-else").es256(&own)?),
        ("another issuer", token.clone().claim("iss", "https://evil.example").es256(&own)?),
        ("an end far in the future", token.clone().claim("exp", 4_102_444_800_i64).es256(&own)?),
        ("an end in the past", token.claim("exp", 1).es256(&own)?),
    ])
}

fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn without(mut token: Token, header: &str) -> Token {
    if let Some(header_fields) = token.header.as_object_mut() {
        header_fields.remove(header);
    }
    token
}

/// The uncompressed point of a public key, which is how naive libraries hold it.
fn point(jwk: &Value) -> Vec<u8> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(text(jwk, name)).unwrap_or_default();
    [vec![4], coordinate("x"), coordinate("y")].concat()
}
