//! Access tokens: ES256 JSON Web Tokens (RFC 7519) of a quarter of an hour.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation};
use mainstay_model::{MemberId, SessionId, Timestamp, session::Session};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{keys, ring::Ring};
use crate::{
    App, Code, Error, Result, Settings, crypto, limits,
    sabotage::{self, Guard},
};

/// The life of a token whose guard is left out.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize)]
struct NewClaims<'a> {
    jti: Uuid,
    sub: MemberId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    aud: &'a str,
    iss: &'a str,
    #[serde(rename = "gen")]
    generation: i64,
}

/// What a token says, once its signature, issuer and audience were found right.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: MemberId,
    pub(super) sid: SessionId,
    iat: i64,
    exp: i64,
    #[serde(rename = "gen")]
    pub(super) generation: i64,
}

/// A verified token as it is kept in memory. Time passes and keys retire, so both are looked at each time.
#[derive(Clone)]
pub(super) struct Verified {
    kid: Box<str>,
    claims: Claims,
}

/// Makes the access token of a session's generation. Answers it with its end.
pub(super) fn issue(
    ring: &Ring,
    settings: &Settings,
    session: &Session,
    generation: i64,
    jti: Uuid,
    now: Timestamp,
) -> Result<(String, Timestamp)> {
    let life = if sabotage::is_off(Guard::AccessTokenLife) { A_DAY } else { settings.access_token_ttl };
    let ends = (now + life).min(session.absolute_expires_at);
    let claims = NewClaims {
        jti,
        sub: session.member_id,
        sid: session.id,
        iat: now.seconds(),
        exp: ends.seconds(),
        aud: &settings.token_audience,
        iss: &settings.token_issuer,
        generation,
    };
    let claims = serde_json::to_vec(&claims).map_err(Error::internal)?;
    let key = ring.signing(now).ok_or_else(|| Error::internal("no signing key is active"))?;
    Ok((key.sign(&claims)?, Timestamp::from_seconds(ends.seconds())))
}

/// What every token must satisfy beside time, which is checked with the application's own clock.
pub(super) fn validation(settings: &Settings) -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[&settings.token_audience]);
    validation.set_issuer(&[&settings.token_issuer]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.validate_exp = false;
    validation
}

/// Checks a token.
pub(super) async fn verify(app: &App, token: &str, now: Timestamp) -> Result<Claims> {
    if token.len() > limits::ACCESS_TOKEN_BYTES_MAX {
        return Err(invalid());
    }
    let hash = crypto::sha256(token.as_bytes());
    if let Some(known) = app.sessions.verified.get(&hash) {
        return match app.sessions.ring.read().verifying(&known.kid, now) {
            Some(_) => in_time(known.claims, now),
            None => Err(invalid()),
        };
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
    let kid = header.kid.filter(|_| header.alg == Algorithm::ES256).ok_or_else(invalid)?;
    if !app.sessions.ring().knows(&kid) {
        keys::reload_for_unknown(app, &kid).await?;
    }
    let ring = app.sessions.ring();
    let key = ring.verifying(&kid, now).ok_or_else(invalid)?;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key.verifier, &app.sessions.validation);
    #[cfg(feature = "sabotage")]
    let decoded = match decoded {
        Err(_) if sabotage::is_off(Guard::TokenSignature) => jsonwebtoken::dangerous::insecure_decode(token),
        decoded => decoded,
    };
    let claims = decoded.map_err(|_| invalid())?.claims;
    let claims = in_time(claims, now)?;
    app.sessions.verified.insert(hash, Verified { kid: kid.into(), claims });
    Ok(claims)
}

fn in_time(claims: Claims, now: Timestamp) -> Result<Claims> {
    let is_early = Timestamp::from_seconds(claims.iat) > now + limits::CLOCK_LEEWAY;
    let is_late = Timestamp::from_seconds(claims.exp) <= now;
    if is_early || is_late { Err(invalid()) } else { Ok(claims) }
}

/// One answer for every fault of a token: which it was helps nobody but a forger.
pub(super) fn invalid() -> Error {
    Error::new(Code::InvalidToken, "The token is not valid or ran out. Refresh it, or sign in again.")
}
