//! Standard Webhooks: HMAC-SHA-256 (`v1`) or Ed25519 (`v1a`) over `{id}.{timestamp}.{body}`, several signatures apart by spaces.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::Engine;

use super::{Refusal, SIGNATURES_MAX, SentHeaders, Signed, is_right, required, seconds};
use crate::{
    sabotage::{self, Guard},
    webhooks::source::{BASE64, Key, is_signed, is_tagged},
};

pub(super) fn verify(keys: &[Key], headers: &dyn SentHeaders, body: &[u8]) -> Result<Signed, Refusal> {
    let id = required(headers, "webhook-id")?;
    let time = required(headers, "webhook-timestamp")?;
    let list = required(headers, "webhook-signature")?;
    let at = seconds(time)?;
    // The id is a part of what is signed, and with a dot in it the parts could be read in another way.
    if id.is_empty() || id.contains('.') {
        return Err(Refusal::Unreadable);
    }
    let (mut tags, mut signatures) = (Vec::new(), Vec::new());
    for item in list.split(' ').filter(|item| !item.is_empty()) {
        let (version, value) = item.split_once(',').ok_or(Refusal::Unreadable)?;
        let Ok(bytes) = BASE64.decode(value) else { continue };
        match version {
            "v1" => tags.extend(<[u8; 32]>::try_from(bytes)),
            "v1a" => signatures.push(bytes),
            _ => {}
        }
        if sabotage::is_off(Guard::WebhookSignatures) {
            break;
        }
    }
    if tags.len() + signatures.len() > SIGNATURES_MAX {
        return Err(Refusal::Unreadable);
    }
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let is_tagged = is_tagged(keys, &parts, &tags);
    is_right(is_tagged || (!signatures.is_empty() && is_signed(keys, &parts.concat(), &signatures)))?;
    Ok(Signed { event_id: Some(id.to_owned()), at: Some(at) })
}
