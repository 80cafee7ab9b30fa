//! Makes tokens that must not be believed (JWS, RFC 7515), with every signature but the right one.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};

use crate::check::Ended;

/// A token in its making.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Token {
    /// Reads a token as anybody can.
    ///
    /// # Errors
    /// [`Ended::Error`] when the text is none.
    pub(crate) fn read(text: &str) -> Result<Self, Ended> {
        let none = || Ended::error("the deployment's access token is no JSON Web Token");
        let mut parts = text.split('.').map(|part| {
            let bytes = BASE64URL.decode(part).ok()?;
            serde_json::from_slice::<Value>(&bytes).ok()
        });
        match (parts.next().flatten(), parts.next().flatten()) {
            (Some(header), Some(claims)) => Ok(Self { header, claims }),
            _ => Err(none()),
        }
    }

    /// With another value in the header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// With another claim.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Header and claims, as they stand before a signature.
    pub(crate) fn signed_part(&self) -> String {
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    /// With these bytes as the signature.
    pub(crate) fn signed_with(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.signed_part(), BASE64URL.encode(signature))
    }

    /// Signed by a shared key that the forger chose, for one the public key (HS256).
    pub(crate) fn hs256(self, key: &[u8]) -> String {
        let token = self.header("alg", "HS256");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), token.signed_part().as_bytes());
        token.signed_with(tag.as_ref())
    }

    /// Signed by a key of the forger's (ES256).
    pub(crate) fn es256(&self, key: &Es256Key) -> Result<String, Ended> {
        let signature = key.0.sign(&SystemRandom::new(), self.signed_part().as_bytes());
        Ok(self.signed_with(signature.map_err(|_| no_key())?.as_ref()))
    }

    /// Signed by a key of the forger's (RS256).
    pub(crate) fn rs256(&self, key: &Rs256Key) -> Result<String, Ended> {
        let mut signature = vec![0; key.0.public_modulus_len()];
        key.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), self.signed_part().as_bytes(), &mut signature)
            .map_err(|_| no_key())?;
        Ok(self.signed_with(&signature))
    }
}

/// A forger's key on P-256.
pub(crate) struct Es256Key(EcdsaKeyPair);

impl Es256Key {
    pub(crate) fn new() -> Result<Self, Ended> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Self).map_err(|_| no_key())
    }

    /// Its public half (RFC 7517), for a `jwk` header.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let half = |range: std::ops::Range<usize>| {
            point.get(range).map(|bytes| BASE64URL.encode(bytes)).unwrap_or_default()
        };
        json!({ "kty": "EC", "crv": "P-256", "x": half(1..33), "y": half(33..65) })
    }
}

/// A forger's RSA key.
pub(crate) struct Rs256Key(RsaKeyPair);

impl Rs256Key {
    pub(crate) fn new() -> Result<Self, Ended> {
        RsaKeyPair::generate(KeySize::Rsa2048).map(Self).map_err(|_| no_key())
    }

    /// Its public half, for a `jwk` header.
    pub(crate) fn jwk(&self) -> Value {
        // An RSAPublicKey in DER (RFC 8017, A.1.1): a sequence of the modulus, here 2048 bits after a zero, and 65537.
        let der = self.0.public_key().as_ref();
        let part = |range: std::ops::Range<usize>| der.get(range).map(|bytes| BASE64URL.encode(bytes));
        json!({ "kty": "RSA", "n": part(9..265), "e": part(267..270) })
    }
}

fn encode(value: &Value) -> String {
    BASE64URL.encode(value.to_string())
}

fn no_key() -> Ended {
    Ended::error("no key could be made on this machine")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    fn token() -> Token {
        Token { header: json!({ "alg": "ES256", "kid": "k" }), claims: json!({ "sub": "s" }) }
    }

    fn split(text: &str) -> (&str, Vec<u8>) {
        let (signed, signature) = text.rsplit_once('.').unwrap();
        (signed, BASE64URL.decode(signature).unwrap())
    }

    #[test]
    fn a_forged_token_is_well_formed_and_signed_by_the_forger() {
        let key = Es256Key::new().unwrap();
        let text = token().es256(&key).unwrap();
        let (signed, signature) = split(&text);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.0.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        let key = Rs256Key::new().unwrap();
        let text = token().header("alg", "RS256").rs256(&key).unwrap();
        let (signed, signature) = split(&text);
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.0.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        assert_eq!(key.jwk()["e"], "AQAB");
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let text = token().claim("exp", 5).hs256(b"key");
        let read = Token::read(&text).unwrap();
        assert_eq!((read.header["alg"].as_str(), read.claims["exp"].as_i64()), (Some("HS256"), Some(5)));
        assert!(Token::read("opaque").is_err());
    }
}
