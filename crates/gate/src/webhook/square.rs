//! A Square source in the gate's hands: base64 of HMAC-SHA-256 over the notification URL and the body.
//! <https://developer.squareup.com/docs/webhooks/step3validate>

use anyhow::bail;
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Event, fresh_id, path_of};
use crate::client::{Call, Client};

const SIGNATURE: &str = "x-square-hmacsha256-signature";
/// Shorter ones are no signature keys of Square's.
const KEY_CHARS_MIN: usize = 16;

/// A source, its key, and the address that it signs.
pub(crate) struct Square {
    name: String,
    key: hmac::Key,
    /// The notification URL as it is registered with Square, letter by letter.
    pub(crate) url: String,
}

impl Square {
    /// Of a name, a signature key and the notification URL.
    ///
    /// # Errors
    /// When the key is none; it is not shown.
    pub(crate) fn new(name: &str, key: &str, url: &str) -> anyhow::Result<Self> {
        if key.len() < KEY_CHARS_MIN {
            bail!(
                "the Square key must be a subscription's signature key, of {KEY_CHARS_MIN} characters or more"
            );
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        Ok(Self { name: name.to_owned(), key, url: url.to_owned() })
    }

    /// An event of a kind, with an id that nobody used, that happened so long ago.
    pub(crate) fn event(kind: &str, ago: Duration) -> Event {
        let id = fresh_id();
        let at = (OffsetDateTime::now_utc() - ago).format(&Rfc3339).unwrap_or_default();
        let body = json!({ "merchant_id": "mainstay-gate", "type": kind, "event_id": id, "created_at": at, "data": {} });
        Event { id, body: body.to_string() }
    }

    /// A delivery that signs this address.
    pub(crate) fn delivery(&self, client: &Client, event: &Event, url: &str) -> Call {
        let call =
            client.post(&path_of(&self.name)).secret_header(SIGNATURE, self.signature(url, &event.body));
        call.body("application/json", event.body.clone())
    }

    fn signature(&self, url: &str, body: &str) -> String {
        BASE64.encode(hmac::sign(&self.key, format!("{url}{body}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;

    use super::Square;

    /// What the `WebhooksHelper` of Square's own library for Node finds right.
    #[test]
    fn a_delivery_is_signed_as_square_does() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"asdf1234");
        let square = Square { name: "square".to_owned(), key, url: "https://example.com/webhook".to_owned() };
        let signature = square.signature(&square.url, "{\"hello\":\"world\"}");
        assert_eq!(signature, "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=");
    }

    #[test]
    fn what_is_no_key_is_refused_without_a_word_of_it() {
        let fault = Square::new("square", "short", "https://example.com/").err().unwrap();
        assert!(!format!("{fault:#}").contains("short"));
    }
}
