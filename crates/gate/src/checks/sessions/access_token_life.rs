//! What an access token says (RFC 9068 in spirit) and how long it lives; the refresh token beside it says nothing.

use serde_json::Value;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    forge::Token,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.access-token-life",
    title: "Access tokens live a quarter of an hour at most and say whose, for whom and by whom",
    promises: &["SES-1"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("9.2.1"),
        Reference::Asvs("9.2.4"),
        Reference::Asvs("7.2.3"),
        Reference::Cwe(613),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("access_token_life"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// The longest life of an access token.
const LIFE_SECONDS_MAX: i64 = 15 * 60;
/// Characters of 256 bits as base64url.
const REFRESH_CHARS_MIN: usize = 43;

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let (first, first_refresh) = (Token::read(&member.access_token())?, member.refresh_token());
    let answer = member.refresh().await?;
    ensure(answer.status == 200, || format!("a refresh answers {}", answer.status))?;
    let (second, second_refresh) = (Token::read(&member.access_token())?, member.refresh_token());

    for token in [&first, &second] {
        let claim = |name: &str| token.claims.get(name).cloned().unwrap_or_default();
        for name in ["jti", "sub", "sid", "iat", "exp", "aud", "iss"] {
            ensure(!claim(name).is_null(), || format!("the token has no {name}"))?;
        }
        let header = |name: &str| token.header.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_asymmetric = ["ES256", "ES384", "EdDSA", "RS256", "PS256"].contains(&header("alg"));
        ensure(is_asymmetric, || format!("the token is signed by {:?}", header("alg")))?;
        ensure(!header("kid").is_empty(), || "the token names no key".to_owned())?;
        ensure(claim("sub") == member.member_id.as_str(), || "the token's sub is not the member".to_owned())?;
        let life = claim("exp").as_i64().unwrap_or(i64::MAX) - claim("iat").as_i64().unwrap_or(0);
        ensure((1..=LIFE_SECONDS_MAX).contains(&life), || format!("the token lives {life} s"))?;
    }
    ensure(first.claims.get("jti") != second.claims.get("jti"), || "two tokens have one jti".to_owned())?;
    ensure(first.claims.get("sid") == second.claims.get("sid"), || "a refresh changed the sid".to_owned())?;
    for refresh in [&first_refresh, &second_refresh] {
        let is_opaque = refresh.len() >= REFRESH_CHARS_MIN && !refresh.contains('.');
        ensure(is_opaque, || {
            format!("the refresh token has {} characters or says something", refresh.len())
        })?;
    }
    ensure(first_refresh != second_refresh, || "a refresh did not rotate the refresh token".to_owned())?;
    passed("all claims, a quarter of an hour, and an opaque refresh token that rotates")
}
