//! Square: base64 of HMAC-SHA-256 over the notification URL and the body.
//! <https://developer.squareup.com/docs/webhooks/step3validate>

use base64::Engine;

use super::{Refusal, SentHeaders, Signed, is_right, optional};
use crate::{
    sabotage::{self, Guard},
    webhooks::source::{BASE64, Key, is_tagged},
};

const HEADER: &str = "x-square-hmacsha256-signature";
/// Square's older name. What stood there once was SHA-1, which is too short to be taken here.
const HEADER_EARLIER: &str = "x-square-signature";

pub(super) fn verify(
    keys: &[Key],
    notification_url: &str,
    headers: &dyn SentHeaders,
    body: &[u8],
) -> Result<Signed, Refusal> {
    // Square sends both names, and only the newer one counts then.
    let (newer, earlier) = (optional(headers, HEADER)?, optional(headers, HEADER_EARLIER)?);
    let text = newer.or(earlier).ok_or(Refusal::Missing)?;
    let bytes = BASE64.decode(text).map_err(|_| Refusal::Unreadable)?;
    let tag = bytes.try_into().map_err(|_| Refusal::Unreadable)?;
    let named = as_the_request_names_it(notification_url, headers);
    let url = named.as_deref().unwrap_or(notification_url);
    is_right(is_tagged(keys, &[url.as_bytes(), body], &[tag]))?;
    Ok(Signed::default())
}

/// Without the guard of the address, the one that the request names.
fn as_the_request_names_it(configured: &str, headers: &dyn SentHeaders) -> Option<String> {
    let of = |name| headers.values(name).first().and_then(|value| std::str::from_utf8(value).ok());
    let host = of("x-forwarded-host").filter(|_| sabotage::is_off(Guard::WebhookAddress))?;
    let (_, rest) = configured.split_once("://")?;
    let path = rest.find('/').map_or("", |start| &rest[start..]);
    Some(format!("{}://{host}{path}", of("x-forwarded-proto").unwrap_or("https")))
}
