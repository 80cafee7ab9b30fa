//! A configured source of webhooks: how it signs, with which secrets, and how old its events may be.

use std::{fmt, time::Duration};

use aws_lc_rs::{hmac, signature};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret, SecretString};

use crate::limits;

/// Base64 with or without its padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How bytes are written in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower- or upper-case hexadecimal.
    Hex,
    /// Base64.
    Base64,
}

/// How a source signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Square: `notification_url` and body. <https://developer.squareup.com/docs/webhooks/step3validate>
    Square {
        /// Where Square believes that it sends to: from configuration and never from a request.
        notification_url: String,
    },
    /// Stripe: time and body. <https://docs.stripe.com/webhooks#verify-manually>
    Stripe {
        /// Whether it sends live events; those of the other mode are refused.
        livemode: bool,
    },
    /// Standard Webhooks: id, time and body. <https://github.com/standard-webhooks/standard-webhooks>
    Standard,
    /// HMAC-SHA-256 in a header of its own.
    Generic {
        /// Which header, in lower case.
        header: String,
        /// How it is written there.
        encoding: Encoding,
        /// The header with the time in seconds that is signed before the body, in lower case.
        timestamp_header: Option<String>,
    },
    /// No signature, a shared secret in a header: for a developer's machine alone.
    SharedSecret {
        /// Which header, in lower case.
        header: String,
    },
}

impl Scheme {
    /// Its name in the configuration.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Square { .. } => "square",
            Self::Stripe { .. } => "stripe",
            Self::Standard => "standard",
            Self::Generic { .. } => "generic",
            Self::SharedSecret { .. } => "shared_secret",
        }
    }

    /// Whether each delivery signs the time at which it is sent. Where not, only the event's own time is known, which stays the same
    /// when it is sent again for hours.
    #[must_use]
    pub const fn signs_time(&self) -> bool {
        match self {
            Self::Stripe { .. } | Self::Standard => true,
            Self::Generic { timestamp_header, .. } => timestamp_header.is_some(),
            Self::Square { .. } | Self::SharedSecret { .. } => false,
        }
    }
}

/// What becomes of an event that is older than the tolerance, where no time of sending is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayWindow {
    /// One that was never seen is taken and marked late, up to [`limits::WEBHOOK_LATE_MAX`].
    Default,
    /// It is refused.
    Strict,
}

/// What a source signs with.
#[derive(Clone)]
pub(super) enum Key {
    Hmac(Box<hmac::Key>),
    Ed25519([u8; 32]),
    Plain(SecretString),
}

/// Why a secret can't be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// It is too short to be random.
    #[error("is too short for a secret")]
    Short,
    /// A Stripe endpoint's secret begins otherwise.
    #[error("must be an endpoint's signing secret, which begins with whsec_")]
    NotStripes,
    /// It is not of the form of Standard Webhooks.
    #[error("must be whsec_ (or whpk_, a public key) and base64 of 24 to 64 bytes (32 of a key)")]
    NotStandard,
}

/// One configured source.
#[derive(Clone)]
pub struct Source {
    name: String,
    scheme: Scheme,
    pub(super) keys: Vec<Key>,
    is_enabled: bool,
    replay_window: ReplayWindow,
    tolerance: Duration,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// A source without a secret: it answers that it is not available.
    #[must_use]
    pub const fn new(name: String, scheme: Scheme) -> Self {
        Self {
            name,
            scheme,
            keys: Vec::new(),
            is_enabled: true,
            replay_window: ReplayWindow::Default,
            tolerance: limits::WEBHOOK_TOLERANCE,
        }
    }

    /// Adds a secret to the ring; any of them may have signed.
    ///
    /// # Errors
    /// When it is none of the source's form.
    pub fn secret(mut self, secret: &SecretString) -> Result<Self, SecretFault> {
        let text = secret.expose_secret();
        let key = match self.scheme {
            Scheme::Standard => standard_key(text)?,
            Scheme::Stripe { .. } if !text.starts_with("whsec_") => return Err(SecretFault::NotStripes),
            _ if text.len() < limits::WEBHOOK_SECRET_BYTES_MIN => return Err(SecretFault::Short),
            Scheme::SharedSecret { .. } => Key::Plain(secret.clone()),
            Scheme::Square { .. } | Scheme::Stripe { .. } | Scheme::Generic { .. } => {
                Key::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
            }
        };
        self.keys.push(key);
        Ok(self)
    }

    /// Says what becomes of older events, and from when on they are older.
    #[must_use]
    pub const fn replay(mut self, window: ReplayWindow, tolerance: Duration) -> Self {
        (self.replay_window, self.tolerance) = (window, tolerance);
        self
    }

    /// Keeps the source known and closed.
    #[must_use]
    pub const fn disabled(mut self) -> Self {
        self.is_enabled = false;
        self
    }

    /// Its name in paths, lists and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Why nothing can come from it; none when it can.
    #[must_use]
    pub const fn closed(&self) -> Option<&'static str> {
        if !self.is_enabled {
            Some("This source is switched off.")
        } else if self.keys.is_empty() {
            Some("This source has no signature key.")
        } else {
            None
        }
    }

    pub(super) const fn replay_window(&self) -> ReplayWindow {
        self.replay_window
    }

    pub(super) const fn tolerance(&self) -> Duration {
        self.tolerance
    }
}

/// The specification's own bounds: 24 to 64 bytes of a symmetric secret, 32 of an Ed25519 public key.
fn standard_key(text: &str) -> Result<Key, SecretFault> {
    if let Some(base64) = text.strip_prefix("whpk_") {
        let bytes = BASE64.decode(base64).map_err(|_| SecretFault::NotStandard)?;
        return bytes.try_into().map(Key::Ed25519).map_err(|_| SecretFault::NotStandard);
    }
    let base64 = text.strip_prefix("whsec_").unwrap_or(text);
    let bytes = BASE64.decode(base64).map_err(|_| SecretFault::NotStandard)?;
    if !(24..=64).contains(&bytes.len()) {
        return Err(SecretFault::NotStandard);
    }
    Ok(Key::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes))))
}

/// Whether one of the keys made a tag of the parts in a row, with HMAC-SHA-256. In constant time for each tag.
pub(super) fn is_tagged(keys: &[Key], parts: &[&[u8]], tags: &[[u8; 32]]) -> bool {
    keys.iter().any(|key| {
        let Key::Hmac(key) = key else { return false };
        let mut context = hmac::Context::with_key(key);
        for part in parts {
            context.update(part);
        }
        let made = context.sign();
        tags.iter().any(|tag| crate::crypto::equal(made.as_ref(), tag))
    })
}

/// Whether one of the keys made a signature of the bytes, with Ed25519.
pub(super) fn is_signed(keys: &[Key], bytes: &[u8], signatures: &[Vec<u8>]) -> bool {
    keys.iter().any(|key| {
        let Key::Ed25519(key) = key else { return false };
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, key);
        signatures.iter().any(|signature| key.verify(bytes, signature).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(scheme: Scheme, secret: &str) -> Result<Source, SecretFault> {
        Source::new("test".to_owned(), scheme).secret(&SecretString::from(secret))
    }

    #[test]
    fn a_secret_has_the_form_of_its_source() {
        let square = || Scheme::Square { notification_url: "https://example.com/".to_owned() };
        assert!(with(square(), "0123456789abcdef").is_ok());
        assert_eq!(with(square(), "0123456789abcde").expect_err("short"), SecretFault::Short);
        let stripe = || Scheme::Stripe { livemode: true };
        assert!(with(stripe(), "whsec_0123456789").is_ok());
        assert_eq!(with(stripe(), "sk_live_0123456789abcdef").expect_err("a key"), SecretFault::NotStripes);
        let base64 = |bytes: usize| BASE64.encode(vec![7; bytes]);
        for fine in [base64(24), format!("whsec_{}", base64(64)), format!("whpk_{}", base64(32))] {
            assert!(with(Scheme::Standard, &fine).is_ok(), "{fine}");
        }
        for bad in [base64(23), base64(65), format!("whpk_{}", base64(31)), "whsec_*".to_owned()] {
            assert_eq!(with(Scheme::Standard, &bad).expect_err("no secret"), SecretFault::NotStandard);
        }
    }

    #[test]
    fn a_source_never_prints_its_secrets() {
        let source =
            with(Scheme::SharedSecret { header: "x-secret".to_owned() }, "canary-0123456789").expect("fine");
        assert!(!format!("{source:?}").contains("canary"));
    }
}
