//! Signatures as Standard Webhooks 1.0 has them: HMAC-SHA-256 over `id.timestamp.body`, `v1,` and base64, and one for each secret
//! while a rotation lasts.

use base64::{Engine, engine::general_purpose::STANDARD};
use mainstay_model::OutgoingEventId;
use secrecy::SecretString;

use crate::crypto::hmac_sha256;

/// A secret as receivers' libraries take it: `whsec_` and base64.
#[must_use]
pub fn secret_text(secret: &[u8]) -> SecretString {
    format!("whsec_{}", STANDARD.encode(secret)).into()
}

/// The value of `webhook-signature`. `timestamp` is in seconds.
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a [u8]>,
    id: OutgoingEventId,
    timestamp: i64,
    body: &str,
) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let one = |secret| format!("v1,{}", STANDARD.encode(hmac_sha256(secret, signed.as_bytes())));
    secrets.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn each_secret_signs_and_texts_are_what_libraries_take() {
        let id = OutgoingEventId::new(uuid::Uuid::nil());
        let both = sign([&[1; 32][..], &[2; 32][..]], id, 1_700_000_000, "{}");
        let alone = |secret: &[u8]| sign([secret], id, 1_700_000_000, "{}");
        assert_eq!(both, format!("{} {}", alone(&[1; 32]), alone(&[2; 32])));
        assert_ne!(alone(&[1; 32]), sign([&[1; 32][..]], id, 1_700_000_001, "{}"));
        assert_ne!(alone(&[1; 32]), sign([&[1; 32][..]], id, 1_700_000_000, "{} "));
        assert_eq!(secret_text(&[0; 24]).expose_secret(), "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    }
}
