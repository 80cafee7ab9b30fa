//! A Stripe source in the gate's hands: `t=…,v1=…`, hexadecimal HMAC-SHA-256 over `{t}.{body}`.
//! <https://docs.stripe.com/webhooks#verify-manually>

use anyhow::bail;
use aws_lc_rs::hmac;
use serde_json::json;
use time::OffsetDateTime;

use super::{Event, fresh_id, path_of};
use crate::client::{Call, Client};

const SIGNATURE: &str = "stripe-signature";

/// A source and its secret.
pub(crate) struct Stripe {
    name: String,
    key: hmac::Key,
}

impl Stripe {
    /// Of a name and an endpoint's secret, the whole of which is the key.
    ///
    /// # Errors
    /// When the secret is none; it is not shown.
    pub(crate) fn new(name: &str, secret: &str) -> anyhow::Result<Self> {
        if !secret.starts_with("whsec_") {
            bail!("the Stripe secret must be an endpoint's signing secret, which begins with whsec_");
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Ok(Self { name: name.to_owned(), key })
    }

    /// An event of a kind, with an id that nobody used, of the live mode or of the test mode.
    pub(crate) fn event(kind: &str, livemode: bool) -> Event {
        let id = fresh_id();
        let created = OffsetDateTime::now_utc().unix_timestamp();
        let body = json!({
            "id": id, "object": "event", "type": kind, "created": created, "livemode": livemode,
            "data": { "object": {} },
        });
        Event { id, body: body.to_string() }
    }

    /// A delivery, rightly signed now.
    pub(crate) fn delivery(&self, client: &Client, event: &Event) -> Call {
        let signature = self.signature(OffsetDateTime::now_utc().unix_timestamp(), &event.body);
        let call = client.post(&path_of(&self.name)).secret_header(SIGNATURE, signature);
        call.body("application/json", event.body.clone())
    }

    fn signature(&self, at: i64, body: &str) -> String {
        let tag = hmac::sign(&self.key, format!("{at}.{body}").as_bytes());
        format!("t={at},v1={}", hex::encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::Stripe;

    /// What `generateTestHeaderString` of Stripe's own library for Node makes of it.
    #[test]
    fn a_delivery_is_signed_as_stripe_does() {
        let stripe = Stripe::new("stripe", "whsec_test_secret_0123456789").unwrap();
        assert_eq!(
            stripe.signature(1_614_265_330, "{\"id\":\"evt_1\"}"),
            "t=1614265330,v1=f8d3a4a7a8ca36ef2e4c33e8a5282062ca868c275b5efa2efa3e6e690d9b51cc"
        );
    }

    #[test]
    fn what_is_no_secret_is_refused_without_a_word_of_it() {
        let fault = Stripe::new("stripe", "sk_live_0123456789").err().unwrap();
        assert!(!format!("{fault:#}").contains("sk_live"));
    }
}
