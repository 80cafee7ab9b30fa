//! Verification of ID tokens (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725): first the header, then the signature, then the claims.
//! Nothing of the claims is read before the signature held.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use mainstay_model::Timestamp;
use mainstay_services::ports::{ExpectedNonce, ProviderError};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::issuer::Issuers;
use crate::limits;

/// OpenID Connect Core 1.0, 2: a subject has at most 255 characters.
const SUBJECT_CHARS_MAX: usize = 255;
const KID_BYTES_MAX: usize = 256;
/// Headers by which a token offers its own key, or demands what we do not know (RFC 7515, 4.1). No provider of ours sends them.
const FORBIDDEN_HEADERS: [&str; 5] = ["jwk", "jku", "x5u", "x5c", "crit"];

/// What a token must be.
pub(crate) struct Rules<'a> {
    pub(crate) issuers: &'a Issuers,
    /// Client ids that may be its audience.
    pub(crate) audiences: &'a [String],
    pub(crate) nonce: ExpectedNonce<'a>,
}

/// The claims that are used, of a token that held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// In its one spelling.
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) hosted_domain: Option<String>,
    pub(crate) name: Option<String>,
}

#[derive(Deserialize)]
struct RawClaims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    hd: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

fn refused<T>(reason: impl Into<String>) -> Result<T, ProviderError> {
    Err(ProviderError::Refused(reason.into()))
}

/// The id of the key that a token says it was signed with.
///
/// # Errors
/// [`ProviderError::Refused`] for anything but a compact RS256 token that names a key and brings none.
pub(crate) fn key_id(token: &str) -> Result<String, ProviderError> {
    if token.len() > limits::ID_TOKEN_BYTES_MAX {
        return refused("the token is too long");
    }
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return refused("not a signed token");
    };
    let Some(header) = decode_object(header) else { return refused("the header is unreadable") };
    if let Some(name) = FORBIDDEN_HEADERS.iter().find(|&&name| header.contains_key(name)) {
        return refused(format!("the header has `{name}`"));
    }
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return refused("the algorithm is not RS256");
    }
    // Explicit typing, RFC 8725, 3.11: an access token is not an ID token. Apple sends no type.
    if header.get("typ").is_some_and(|typ| !typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("jwt"))) {
        return refused("the type is not JWT");
    }
    match header.get("kid").and_then(Value::as_str) {
        Some(kid) if !kid.is_empty() && kid.len() <= KID_BYTES_MAX => Ok(kid.to_owned()),
        _ => refused("the header names no key"),
    }
}

fn decode_object(part: &str) -> Option<Map<String, Value>> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Whether nobody asks who signed.
#[cfg(feature = "sabotage")]
pub(crate) fn is_believed() -> bool {
    use mainstay_services::sabotage::{Guard, is_off};
    is_off(Guard::IdTokenSignature)
}

fn decode(
    token: &str,
    key: &DecodingKey,
    signature_only: &Validation,
) -> Result<RawClaims, jsonwebtoken::errors::Error> {
    #[cfg(feature = "sabotage")]
    if is_believed() {
        return jsonwebtoken::dangerous::insecure_decode_claims(token);
    }
    Ok(jsonwebtoken::decode::<RawClaims>(token, key, signature_only)?.claims)
}

/// Verifies signature and claims.
///
/// # Errors
/// [`ProviderError::Refused`] with the first thing that is wrong.
pub(crate) fn verify(
    token: &str,
    key: &DecodingKey,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Result<Claims, ProviderError> {
    let mut signature_only = Validation::new(Algorithm::RS256);
    signature_only.required_spec_claims.clear();
    // The library asks the system what time it is; times are compared below, by our own clock.
    signature_only.validate_exp = false;
    signature_only.validate_aud = false;
    let claims = match decode(token, key, &signature_only) {
        Ok(claims) => claims,
        // The library's text may repeat a claim's value, so only its kind is told.
        Err(error) => {
            return refused(match error.kind() {
                ErrorKind::InvalidSignature => "the signature is wrong",
                ErrorKind::Json(_) => "the claims are not what an ID token has",
                _ => "the token is malformed",
            });
        }
    };
    let Some(issuer) = rules.issuers.normalise(&claims.iss) else { return refused("of another issuer") };
    check_audience(&claims, rules.audiences)?;
    check_times(&claims, rules.nonce, now)?;
    if let ExpectedNonce::Exactly(expected) = rules.nonce
        && (expected.is_empty() || claims.nonce.as_deref() != Some(expected))
    {
        return refused("the nonce is not that of this flow");
    }
    if claims.sub.is_empty() || claims.sub.chars().count() > SUBJECT_CHARS_MAX {
        return refused("the subject is empty or too long");
    }
    Ok(Claims {
        issuer: issuer.to_owned(),
        subject: claims.sub,
        email: claims.email.filter(|email| !email.is_empty()),
        email_verified: is_true(claims.email_verified.as_ref()),
        hosted_domain: claims.hd.filter(|domain| !domain.is_empty()),
        name: claims.name.as_deref().and_then(clean_name),
    })
}

fn check_audience(claims: &RawClaims, ours: &[String]) -> Result<(), ProviderError> {
    let is_ours = |id: &String| ours.contains(id);
    let fits = match &claims.aud {
        Audience::One(id) => is_ours(id),
        Audience::Several(ids) => ids.iter().any(is_ours) && (ids.len() == 1 || claims.azp.is_some()),
    };
    if !fits {
        return refused("for another audience");
    }
    if claims.azp.as_ref().is_some_and(|party| !is_ours(party)) {
        return refused("issued to another client");
    }
    Ok(())
}

fn check_times(claims: &RawClaims, nonce: ExpectedNonce<'_>, now: Timestamp) -> Result<(), ProviderError> {
    let leeway = limits::ID_TOKEN_LEEWAY;
    if Timestamp::from_seconds(claims.exp) + leeway <= now {
        return refused("expired");
    }
    let issued_at = Timestamp::from_seconds(claims.iat);
    if issued_at > now + leeway || claims.nbf.is_some_and(|nbf| Timestamp::from_seconds(nbf) > now + leeway) {
        return refused("not valid yet");
    }
    if matches!(nonce, ExpectedNonce::NoneOfOurs) && now.since(issued_at) > limits::ID_TOKEN_UNBOUND_AGE_MAX {
        return refused("too old for a token of no flow");
    }
    Ok(())
}

/// `true` or, as Apple may write it, `"true"`. Everything else is not.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// A name as one line without control characters, cut to its bound.
fn clean_name(name: &str) -> Option<String> {
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    let cut: String = plain.trim().chars().take(limits::PROVIDER_NAME_CHARS_MAX).collect();
    (!cut.is_empty()).then_some(cut)
}
