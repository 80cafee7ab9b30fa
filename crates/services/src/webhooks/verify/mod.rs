//! Whether a delivery was signed by its source (WHK-1). Looks at the raw bytes: nothing is parsed before it is known who sent it.
//! Pure: no clock, no state; when a signed time is too old is decided elsewhere.

mod generic;
mod square;
mod standard;
mod stripe;

use mainstay_model::Timestamp;

use super::source::{Scheme, Source};
use crate::sabotage::{self, Guard};

/// The headers of a delivery, by their names in lower case.
pub trait SentHeaders {
    /// Every value that was sent under a name, in order.
    fn values(&self, name: &str) -> Vec<&[u8]>;
}

/// What the signature vouches for beside the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signed {
    /// The event's id, where a header has it.
    pub(super) event_id: Option<String>,
    /// When it was sent.
    pub(super) at: Option<Timestamp>,
}

/// Why a signature was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A header is not there.
    Missing,
    /// A header is there twice: which one counts would be anybody's guess.
    Repeated,
    /// A header has another form.
    Unreadable,
    /// Nobody with one of the secrets signed this.
    Differs,
}

impl Refusal {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "header_missing",
            Self::Repeated => "header_repeated",
            Self::Unreadable => "header_unreadable",
            Self::Differs => "signature_differs",
        }
    }
}

/// Signatures of one header that are looked at; a ring has two or three.
const SIGNATURES_MAX: usize = 16;

/// Verifies a delivery by its source's scheme.
pub(super) fn verify(source: &Source, headers: &dyn SentHeaders, body: &[u8]) -> Result<Signed, Refusal> {
    let keys = &source.keys;
    match source.scheme() {
        Scheme::Square { notification_url } => square::verify(keys, notification_url, headers, body),
        Scheme::Stripe { .. } => stripe::verify(keys, headers, body),
        Scheme::Standard => standard::verify(keys, headers, body),
        Scheme::Generic { header, encoding, timestamp_header } => {
            generic::verify(keys, header, *encoding, timestamp_header.as_deref(), headers, body)
        }
        Scheme::SharedSecret { header } => generic::verify_secret(keys, header, headers),
    }
}

/// The one value of a header, if it is there.
fn optional<'a>(headers: &'a dyn SentHeaders, name: &str) -> Result<Option<&'a str>, Refusal> {
    match headers.values(name)[..] {
        [] => Ok(None),
        [value] => std::str::from_utf8(value).map(Some).map_err(|_| Refusal::Unreadable),
        _ => Err(Refusal::Repeated),
    }
}

/// The one value of a header.
fn required<'a>(headers: &'a dyn SentHeaders, name: &str) -> Result<&'a str, Refusal> {
    optional(headers, name)?.ok_or(Refusal::Missing)
}

/// Seconds since 1970, in digits and nothing else.
fn seconds(text: &str) -> Result<Timestamp, Refusal> {
    let is_number = !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| is_number).ok_or(Refusal::Unreadable)?;
    Ok(Timestamp::from_seconds(seconds))
}

fn is_right(is_right: bool) -> Result<(), Refusal> {
    if is_right || sabotage::is_off(Guard::WebhookSignature) { Ok(()) } else { Err(Refusal::Differs) }
}
