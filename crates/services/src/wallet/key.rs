//! `Idempotency-Key` (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07>): the same key and request
//! are answered alike and happen once; the same key with another request is refused. Keys are a caller's own.

use mainstay_model::SecretHash;

use crate::{
    Code, Error, Result, crypto, limits,
    sabotage::{self, Guard},
};

/// A key, and what it stands for.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub(super) key: String,
    pub(super) fingerprint: SecretHash,
}

impl IdempotencyKey {
    /// Takes the header's value and the bytes that the client sent: method, path and body are what the key stands for.
    ///
    /// # Errors
    /// [`Code::IdempotencyKeyRequired`] without a value; [`Code::InvalidRequest`] when it is none of 1 to
    /// [`limits::IDEMPOTENCY_KEY_CHARS_MAX`] visible ASCII characters, in quotes as the draft has it or bare as most clients send
    /// it.
    pub fn new(header: Option<&str>, method: &str, path: &str, body: &[u8]) -> Result<Self> {
        let stand_in = sabotage::is_off(Guard::IdempotencyRequired).then_some("none");
        let header =
            header.map(str::trim).filter(|value| !value.is_empty()).or(stand_in).ok_or_else(|| {
                Error::new(
                    Code::IdempotencyKeyRequired,
                    "Send an Idempotency-Key header with a value of your own, the same when you try again.",
                )
            })?;
        let key = match header.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').unwrap_or_default(),
            None => header,
        };
        let is_fine = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\' && c != ',';
        if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY_CHARS_MAX || !key.chars().all(is_fine) {
            return Err(Error::new(
                Code::InvalidRequest,
                format!(
                    "The Idempotency-Key must have 1 to {} visible characters without quotes, backslashes and commas.",
                    limits::IDEMPOTENCY_KEY_CHARS_MAX
                ),
            ));
        }
        let mut stands_for = Vec::with_capacity(method.len() + path.len() + body.len() + 2);
        for part in [method.as_bytes(), b" ", path.as_bytes(), b"\n", body] {
            stands_for.extend_from_slice(part);
        }
        Ok(Self { key: key.to_owned(), fingerprint: crypto::sha256(&stands_for) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(header: Option<&str>) -> Result<IdempotencyKey> {
        IdempotencyKey::new(header, "POST", "/v1/wallet/transfers", b"{}")
    }

    #[test]
    fn wal_3_a_key_is_quoted_or_bare() {
        for header in ["8e03978e-40d5-43dd-bc93-6894a57f9324", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""] {
            assert_eq!(key(Some(header)).expect(header).key, "8e03978e-40d5-43dd-bc93-6894a57f9324");
        }
        let long = "k".repeat(256);
        for header in ["\"", "\"\"", "\"a", "a b", "a\"b", "a,b", "a\\b", "kö", "a\u{0}", &long] {
            let error = key(Some(header)).expect_err(header);
            assert_eq!(error.code, Code::InvalidRequest, "{header}");
        }
        for missing in [None, Some(""), Some("  ")] {
            assert_eq!(key(missing).expect_err("missing").code, Code::IdempotencyKeyRequired);
        }
    }

    #[test]
    fn wal_3_a_key_stands_for_the_clients_own_bytes() {
        let of = |method, path, body: &[u8]| {
            IdempotencyKey::new(Some("k"), method, path, body).expect("a key").fingerprint
        };
        let first = of("POST", "/v1/a", b"{\"amount\":1}");
        assert_eq!(first, of("POST", "/v1/a", b"{\"amount\":1}"));
        for other in [
            of("PUT", "/v1/a", b"{\"amount\":1}"),
            of("POST", "/v1/b", b"{\"amount\":1}"),
            of("POST", "/v1/a", b"{\"amount\": 1}"),
        ] {
            assert_ne!(first, other);
        }
    }
}
