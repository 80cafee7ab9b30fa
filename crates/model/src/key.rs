//! The ring of keys that sign access tokens.

use crate::Timestamp;

/// A signing key (ES256). Between `created_at` and `activates_at` it is shown in the JWKS but does not sign, so that every
/// verifier knows it before it meets its first token; the newest active key signs; after `retires_at` it verifies no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// `kid` of the tokens it signs.
    pub kid: String,
    /// Private key (PKCS #8), sealed with the token-encryption key.
    pub sealed_private_key: Vec<u8>,
    /// Public key as a JWK (RFC 7517), JSON text.
    pub public_jwk: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub activates_at: Timestamp,
    /// When it stops verifying; none while it is in use.
    pub retires_at: Option<Timestamp>,
}
