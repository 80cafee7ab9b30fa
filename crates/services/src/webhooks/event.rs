//! What a delivery says of itself, read only after its signature was found right: which event it is, of what kind, when it happened.

use mainstay_model::{SecretHash, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{source::Scheme, verify::Signed};
use crate::{Code, Error, crypto, json, limits};

/// An event as its source names it.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    pub(super) event_id: String,
    pub(super) kind: String,
    pub(super) occurred_at: Option<Timestamp>,
    /// Whether it is live, where the source says so.
    pub(super) livemode: Option<bool>,
    /// SHA-256 of what must not differ between two deliveries of it.
    pub(super) fingerprint: SecretHash,
    /// The whole.
    pub(super) document: Value,
}

/// Why it can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    TooDeep,
    NoJson,
    NoEvent,
}

impl Unreadable {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TooDeep => "too_deep",
            Self::NoJson => "no_json",
            Self::NoEvent => "no_event",
        }
    }
}

impl From<Unreadable> for Error {
    fn from(fault: Unreadable) -> Self {
        match fault {
            Unreadable::TooDeep => {
                let most = limits::WEBHOOK_JSON_DEPTH_MAX;
                Self::field("body", "too_deep", format!("is nested more than {most} levels deep"))
            }
            Unreadable::NoJson => Self::new(Code::MalformedJson, "The body is no JSON."),
            Unreadable::NoEvent => Self::field("body", "invalid", "is no event of this source"),
        }
    }
}

#[derive(Deserialize)]
struct Square {
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    created_at: String,
}

#[derive(Deserialize)]
struct Stripe {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    livemode: bool,
}

/// The form of Standard Webhooks and of all senders without one of their own.
#[derive(Deserialize)]
struct Plain {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    timestamp: Option<String>,
}

/// Reads a delivery.
pub(super) fn read(scheme: &Scheme, signed: Signed, body: &[u8]) -> Result<Told, Unreadable> {
    if json::is_too_deep(body, limits::WEBHOOK_JSON_DEPTH_MAX) {
        return Err(Unreadable::TooDeep);
    }
    let document: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NoJson)?;
    let told = match scheme {
        Scheme::Square { .. } => {
            let event: Square = of(&document)?;
            let occurred_at = event.created_at.parse().map_err(|_| Unreadable::NoEvent)?;
            told(event.event_id, event.kind, Some(occurred_at), crypto::sha256(body), document)
        }
        Scheme::Stripe { .. } => {
            let event: Stripe = of(&document)?;
            let at = Timestamp::from_seconds(event.created);
            let told = told(event.id, event.kind, Some(at), stripe_fingerprint(&document), document);
            Told { livemode: Some(event.livemode), ..told }
        }
        Scheme::Standard | Scheme::Generic { .. } | Scheme::SharedSecret { .. } => {
            let event: Plain = of(&document)?;
            let id = signed.event_id.or(event.id).ok_or(Unreadable::NoEvent)?;
            let parse = |text: String| text.parse().map_err(|_| Unreadable::NoEvent);
            let at = event.timestamp.map(parse).transpose()?;
            told(id, event.kind, at, crypto::sha256(body), document)
        }
    };
    let is_fine = is_name(&told.event_id, limits::WEBHOOK_EVENT_ID_BYTES_MAX)
        && is_name(&told.kind, limits::WEBHOOK_KIND_BYTES_MAX);
    if is_fine { Ok(told) } else { Err(Unreadable::NoEvent) }
}

fn of<'a, T: Deserialize<'a>>(document: &'a Value) -> Result<T, Unreadable> {
    T::deserialize(document).map_err(|_| Unreadable::NoEvent)
}

const fn told(
    event_id: String,
    kind: String,
    occurred_at: Option<Timestamp>,
    fingerprint: SecretHash,
    document: Value,
) -> Told {
    Told { event_id, kind, occurred_at, livemode: None, fingerprint, document }
}

/// Stripe counts in each delivery how many others of the event are still under way; all else stays the same.
fn stripe_fingerprint(document: &Value) -> SecretHash {
    let mut document = document.clone();
    if let Some(fields) = document.as_object_mut() {
        fields.remove("pending_webhooks");
    }
    crypto::sha256(document.to_string().as_bytes())
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIPE: Scheme = Scheme::Stripe { livemode: true };

    #[test]
    fn stripes_count_of_other_deliveries_makes_no_other_event() {
        let body = |pending: u32, amount: u32| {
            format!(
                r#"{{"id":"evt_1","type":"charge.refunded","created":1,"livemode":true,"pending_webhooks":{pending},"data":{{"amount":{amount}}}}}"#
            )
        };
        let fingerprint =
            |body: String| read(&STRIPE, Signed::default(), body.as_bytes()).expect("an event").fingerprint;
        assert_eq!(fingerprint(body(2, 5)), fingerprint(body(1, 5)));
        assert_ne!(fingerprint(body(1, 5)), fingerprint(body(1, 6)));
    }

    #[test]
    fn what_is_no_event_is_told_from_what_is_no_json() {
        let read = |scheme: &Scheme, body: &str| {
            read(scheme, Signed::default(), body.as_bytes()).expect_err("refused")
        };
        assert_eq!(read(&STRIPE, "{"), Unreadable::NoJson);
        assert_eq!(read(&STRIPE, "[]"), Unreadable::NoEvent);
        assert_eq!(read(&STRIPE, &format!("{}1{}", "[".repeat(33), "]".repeat(33))), Unreadable::TooDeep);
        assert_eq!(read(&Scheme::Standard, r#"{"type":"x"}"#), Unreadable::NoEvent);
        assert_eq!(read(&Scheme::Standard, r#"{"type":"x","id":"a\u0000b"}"#), Unreadable::NoEvent);
        assert_eq!(
            read(&Scheme::Standard, r#"{"type":"x","id":"a","timestamp":"today"}"#),
            Unreadable::NoEvent
        );
        let long = "x".repeat(limits::WEBHOOK_EVENT_ID_BYTES_MAX + 1);
        assert_eq!(read(&Scheme::Standard, &format!(r#"{{"type":"x","id":"{long}"}}"#)), Unreadable::NoEvent);
        let square = Scheme::Square { notification_url: String::new() };
        assert_eq!(read(&square, r#"{"type":"x","event_id":"a"}"#), Unreadable::NoEvent);
        assert_eq!(read(&square, r#"{"type":"x","event_id":"a","created_at":"1"}"#), Unreadable::NoEvent);
    }
}
