//! Stripe: `t=…,v1=…`, hexadecimal HMAC-SHA-256 over `{t}.{body}` with the whole `whsec_…` text as key. Several `v1` while a secret is
//! rolled; `v0` is for tests and counts for nothing. <https://docs.stripe.com/webhooks#verify-manually>

use super::{Refusal, SIGNATURES_MAX, SentHeaders, Signed, is_right, required, seconds};
use crate::webhooks::source::{Key, is_tagged};

const HEADER: &str = "stripe-signature";

pub(super) fn verify(keys: &[Key], headers: &dyn SentHeaders, body: &[u8]) -> Result<Signed, Refusal> {
    let text = required(headers, HEADER)?;
    let (mut time, mut tags) = (None, Vec::new());
    for item in text.split(',') {
        match item.trim().split_once('=') {
            Some(("t", value)) if time.is_none() => time = Some(value),
            Some(("t", _)) | None => return Err(Refusal::Unreadable),
            // One of another length is none of the secret's, whatever the others are.
            Some(("v1", value)) => {
                tags.extend(hex::decode(value).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()))
            }
            Some(_) => {}
        }
    }
    let time = time.ok_or(Refusal::Unreadable)?;
    let at = seconds(time)?;
    if tags.len() > SIGNATURES_MAX {
        return Err(Refusal::Unreadable);
    }
    is_right(is_tagged(keys, &[time.as_bytes(), b".", body], &tags))?;
    Ok(Signed { event_id: None, at: Some(at) })
}
