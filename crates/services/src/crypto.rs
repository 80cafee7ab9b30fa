//! Sealing, hashing and deriving with the token-encryption key.
//!
//! Sealed data is `1 ‖ key id (4) ‖ nonce (24) ‖ XChaCha20-Poly1305 ciphertext`, bound to its purpose by the associated data, so
//! that a value sealed for one column does not open in another. The key id lets old values open while keys rotate.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use mainstay_model::SecretHash;
use secrecy::{ExposeSecret, SecretBox};
use subtle::ConstantTimeEq;

use crate::ports::Random;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const HEADER_BYTES: usize = 1 + 4 + NONCE_BYTES;

/// What a sealed value is for; part of its authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A private signing key.
    SigningKey,
    /// A PKCE verifier.
    PkceVerifier,
    /// A provider's token.
    ProviderToken,
    /// A job's arguments.
    Job,
    /// Data that waits with a mailed code.
    EmailFlow,
    /// A secret that signs outgoing events.
    EndpointSecret,
    /// A key of hashes that must stay what they are.
    HashKey,
    /// The code of a redemption.
    RedemptionCode,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SigningKey => b"mainstay/signing-key",
            Self::PkceVerifier => b"mainstay/pkce-verifier",
            Self::ProviderToken => b"mainstay/provider-token",
            Self::Job => b"mainstay/job",
            Self::EmailFlow => b"mainstay/email-flow",
            Self::EndpointSecret => b"mainstay/endpoint-secret",
            Self::HashKey => b"mainstay/hash-key",
            Self::RedemptionCode => b"mainstay/redemption-code",
        }
    }
}

/// A sealed value that did not open: damaged, for another purpose, or sealed with a key that is not here.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value did not open: it is damaged or its key is not configured")]
pub struct SealBroken;

struct Key {
    id: [u8; 4],
    bytes: SecretBox<[u8; 32]>,
}

/// The token-encryption keys: the first seals, all open.
pub struct Sealer {
    keys: Vec<Key>,
}

impl Sealer {
    /// From the current key and earlier ones.
    #[must_use]
    pub fn new(current: [u8; 32], earlier: &[[u8; 32]]) -> Self {
        let keys = std::iter::once(&current)
            .chain(earlier)
            .map(|bytes| {
                let hash = sha256(bytes);
                Key { id: [hash[0], hash[1], hash[2], hash[3]], bytes: SecretBox::new(Box::new(*bytes)) }
            })
            .collect();
        Self { keys }
    }

    /// Seals a value with the current key.
    ///
    /// # Panics
    /// Never in practice: the cipher only fails beyond 256 GiB.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn seal(&self, random: &dyn Random, purpose: Purpose, plain: &[u8]) -> Vec<u8> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let cipher = XChaCha20Poly1305::new(key.bytes.expose_secret().into());
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: purpose.label() })
            .expect("a value is far smaller than the cipher's bound");
        let mut bytes = Vec::with_capacity(HEADER_BYTES + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&key.id);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        bytes
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// [`SealBroken`].
    pub fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        if sealed.len() < HEADER_BYTES || sealed[0] != VERSION {
            return Err(SealBroken);
        }
        let key = self.keys.iter().find(|key| key.id == sealed[1..5]).ok_or(SealBroken)?;
        XChaCha20Poly1305::new(key.bytes.expose_secret().into())
            .decrypt(
                XNonce::from_slice(&sealed[5..HEADER_BYTES]),
                Payload { msg: &sealed[HEADER_BYTES..], aad: purpose.label() },
            )
            .map_err(|_| SealBroken)
    }

    /// Whether a sealed value was sealed with the current key.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.len() >= HEADER_BYTES && sealed.starts_with(&self.header())
    }

    /// What every value begins with that the current key sealed.
    #[must_use]
    pub fn header(&self) -> [u8; 5] {
        let [a, b, c, d] = self.keys[0].id;
        [VERSION, a, b, c, d]
    }

    /// A keyed hash (HMAC-SHA-256) under a key of its own for each label. Changes when the current key does, so only for values
    /// that live for minutes or are fetched anew.
    #[must_use]
    pub fn mac(&self, label: &str, data: &[u8]) -> [u8; 32] {
        mac_under(&self.keys[0], label, data)
    }

    /// The same under every key, the current one first: by them what was stored under an earlier key is found.
    pub fn macs(&self, label: &str, data: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        self.keys.iter().map(move |key| mac_under(key, label, data))
    }
}

fn mac_under(key: &Key, label: &str, data: &[u8]) -> [u8; 32] {
    let derived = hmac_sha256(key.bytes.expose_secret(), label.as_bytes());
    hmac_sha256(&derived, data)
}

/// SHA-256.
#[must_use]
pub fn sha256(data: &[u8]) -> SecretHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
    hash
}

/// HMAC-SHA-256.
#[must_use]
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut tag = [0; 32];
    tag.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref());
    tag
}

/// Compares without telling by its time where two values differ.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Text form of bytes in tokens and cookies (base64url without padding, RFC 4648).
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads [`encode`]d text of any length; the caller has bounded it.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Reads 32 bytes of [`encode`]d text.
#[must_use]
pub fn decode_32(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn what_was_sealed_opens_for_its_purpose_only() {
        let sealer = Sealer::new([1; 32], &[]);
        let sealed = sealer.seal(&Fixed, Purpose::Job, b"secret");
        assert_eq!(sealer.open(Purpose::Job, &sealed).expect("opens"), b"secret");
        assert!(sealer.open(Purpose::SigningKey, &sealed).is_err());
        let mut damaged = sealed;
        *damaged.last_mut().expect("not empty") ^= 1;
        assert!(sealer.open(Purpose::Job, &damaged).is_err());
        assert!(sealer.open(Purpose::Job, b"").is_err());
    }

    #[test]
    fn an_earlier_key_opens_but_does_not_seal() {
        let old = Sealer::new([1; 32], &[]).seal(&Fixed, Purpose::Job, b"x");
        let rotated = Sealer::new([2; 32], &[[1; 32]]);
        assert_eq!(rotated.open(Purpose::Job, &old).expect("opens"), b"x");
        assert!(!rotated.is_current(&old));
        assert!(rotated.is_current(&rotated.seal(&Fixed, Purpose::Job, b"x")));
        assert!(Sealer::new([2; 32], &[]).open(Purpose::Job, &old).is_err());
        let old = Sealer::new([1; 32], &[]).mac("label", b"x");
        assert_ne!(rotated.mac("label", b"x"), old);
        assert_eq!(rotated.macs("label", b"x").collect::<Vec<_>>(), [rotated.mac("label", b"x"), old]);
    }
}
