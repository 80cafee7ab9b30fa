//! Any other sender: HMAC-SHA-256 over the body, or over `{timestamp}.{body}`, in a header of its choice; on a developer's machine
//! also a shared secret and nothing signed.

use base64::Engine;
use secrecy::ExposeSecret;

use super::{Refusal, SentHeaders, Signed, is_right, required, seconds};
use crate::{
    crypto,
    webhooks::source::{BASE64, Encoding, Key, is_tagged},
};

pub(super) fn verify(
    keys: &[Key],
    header: &str,
    encoding: Encoding,
    timestamp_header: Option<&str>,
    headers: &dyn SentHeaders,
    body: &[u8],
) -> Result<Signed, Refusal> {
    let text = required(headers, header)?;
    // As several senders write it.
    let text = text.strip_prefix("sha256=").unwrap_or(text);
    let bytes = match encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => BASE64.decode(text).ok(),
    };
    let tag = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::Unreadable)?;
    let Some(timestamp_header) = timestamp_header else {
        is_right(is_tagged(keys, &[body], &[tag]))?;
        return Ok(Signed::default());
    };
    let time = required(headers, timestamp_header)?;
    let at = seconds(time)?;
    is_right(is_tagged(keys, &[time.as_bytes(), b".", body], &[tag]))?;
    Ok(Signed { event_id: None, at: Some(at) })
}

/// The fallback of a developer's machine.
pub(super) fn verify_secret(
    keys: &[Key],
    header: &str,
    headers: &dyn SentHeaders,
) -> Result<Signed, Refusal> {
    let sent = required(headers, header)?;
    let is_known = keys.iter().any(|key| match key {
        Key::Plain(secret) => crypto::equal(secret.expose_secret().as_bytes(), sent.as_bytes()),
        Key::Hmac(_) | Key::Ed25519(_) => false,
    });
    is_right(is_known)?;
    Ok(Signed::default())
}
