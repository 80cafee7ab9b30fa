//! A source of purchase webhooks in the gate's hands: it signs events as Standard Webhooks says
//! (<https://github.com/standard-webhooks/standard-webhooks>), and, for an attack, otherwise. Square and Stripe have forms of their own.

mod square;
mod stripe;

use anyhow::bail;
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

pub(crate) use self::{square::Square, stripe::Stripe};
use crate::client::{Call, Client};

/// Header of the event's id, which is signed.
pub(crate) const ID: &str = "webhook-id";
/// Header of the second in which it is sent, which is signed.
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
/// Header of the signatures.
pub(crate) const SIGNATURE: &str = "webhook-signature";

/// A well-formed signature of nobody's.
pub(crate) const NO_SIGNATURE: &str = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Bytes of a secret, by the specification.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A source, and what it signs with.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    key: hmac::Key,
    /// As it was lent, to be looked for in answers.
    pub(crate) secret: String,
}

impl Source {
    /// Of a name and a secret like `whsec_…`.
    ///
    /// # Errors
    /// When the secret is none; it is not shown.
    pub(crate) fn new(name: &str, secret: &str) -> anyhow::Result<Self> {
        let bytes = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).unwrap_or_default();
        if !SECRET_BYTES.contains(&bytes.len()) {
            bail!(
                "the webhook secret must be whsec_ and base64 of 24 to 64 bytes, as a `standard` source has it"
            );
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Ok(Self { name: name.to_owned(), key, secret: secret.to_owned() })
    }

    /// A secret that nobody knows.
    pub(crate) fn fresh_secret() -> String {
        let bytes = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        format!("whsec_{}", BASE64.encode(bytes))
    }

    /// Another source with the same secret.
    pub(crate) fn called(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// Where its events go.
    pub(crate) fn path(&self) -> String {
        path_of(&self.name)
    }

    /// The signature of a delivery.
    pub(crate) fn signature(&self, id: &str, at: &str, body: &str) -> String {
        let signed = format!("{id}.{at}.{body}");
        format!("v1,{}", BASE64.encode(hmac::sign(&self.key, signed.as_bytes())))
    }

    /// A delivery, rightly signed now.
    pub(crate) fn delivery(&self, client: &Client, event: &Event) -> Call {
        self.delivery_at(client, event, OffsetDateTime::now_utc().unix_timestamp())
    }

    /// A delivery, rightly signed for a second since 1970.
    pub(crate) fn delivery_at(&self, client: &Client, event: &Event, at: i64) -> Call {
        let at = at.to_string();
        let call = client.post(&self.path()).header(ID, &event.id).header(TIMESTAMP, &at);
        let call = call.secret_header(SIGNATURE, self.signature(&event.id, &at, &event.body));
        call.body("application/json", event.body.clone())
    }
}

/// Where the events of a source go.
pub(crate) fn path_of(name: &str) -> String {
    format!("/v1/webhooks/{name}")
}

/// An id that no event has.
fn fresh_id() -> String {
    format!("gate-{}", Uuid::new_v4().simple())
}

/// An event, as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) body: String,
}

impl Event {
    /// Of a kind, with an id that nobody used.
    pub(crate) fn new(kind: &str, data: &Value) -> Self {
        Self::named(&fresh_id(), kind, data)
    }

    /// Of an id and a kind.
    pub(crate) fn named(id: &str, kind: &str, data: &Value) -> Self {
        let body = json!({ "type": kind, "timestamp": moment(), "data": data });
        Self { id: id.to_owned(), body: body.to_string() }
    }
}

/// Now, as events write it.
pub(crate) fn moment() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Source;

    /// The example of the specification's own libraries.
    #[test]
    fn a_delivery_is_signed_as_the_specification_says() {
        let source = Source::new("till", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            source.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_a_word_of_it() {
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "correct-horse-battery-staple"] {
            let fault = Source::new("till", secret).err().map(|error| format!("{error:#}"));
            let fault = fault.unwrap_or_else(|| panic!("{secret} is taken"));
            assert!(secret.len() < 8 || !fault.contains(secret), "{fault}");
        }
        assert!(Source::new("till", &Source::fresh_secret()).is_ok());
    }
}
