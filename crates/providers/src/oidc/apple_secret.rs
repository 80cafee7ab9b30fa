//! The client secret that Apple wants: a JWT that we sign ourselves, and renew long before it runs out
//! (<https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret>).

use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mainstay_model::Timestamp;
use mainstay_services::ports::Clock;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{ConfigFault, limits};

/// Signs client secrets.
pub(crate) struct AppleSecret {
    key: EncodingKey,
    key_id: String,
    team_id: String,
    client_id: String,
    audience: String,
    clock: Arc<dyn Clock>,
    current: Mutex<(SecretString, Timestamp)>,
}

/// What it is made of.
pub(crate) struct Parts<'a> {
    pub(crate) team_id: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) private_key: &'a SecretString,
    pub(crate) client_id: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
    aud: &'a str,
    sub: &'a str,
}

impl AppleSecret {
    /// Reads the key and signs once, so that a wrong key shows at start-up and not at the first sign-in.
    pub(crate) fn new(parts: Parts<'_>) -> Result<Self, ConfigFault> {
        let fault = || {
            let right = "must be the text of Apple's .p8 file: a P-256 private key, PKCS#8, PEM";
            ConfigFault::new("private_key", right)
        };
        // Line breaks often come out of an environment file as a backslash and an `n`.
        let pem = parts.private_key.expose_secret().replace("\\n", "\n");
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| fault())?;
        let secret = Self {
            key,
            key_id: parts.key_id.to_owned(),
            team_id: parts.team_id.to_owned(),
            client_id: parts.client_id.to_owned(),
            audience: parts.audience.to_owned(),
            clock: parts.clock,
            current: Mutex::new((SecretString::default(), Timestamp::EPOCH)),
        };
        *secret.current.lock() = secret.sign(secret.clock.now()).map_err(|_| fault())?;
        Ok(secret)
    }

    /// A secret with some life left.
    ///
    /// # Errors
    /// When signing fails, which it did not at start-up.
    pub(crate) fn current(&self) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let now = self.clock.now();
        let mut current = self.current.lock();
        // Also when the clock stepped back: a secret from the future is not valid yet.
        let is_good =
            current.1 > now + limits::APPLE_SECRET_RENEWAL && current.1 <= now + limits::APPLE_SECRET_TTL;
        if !is_good {
            *current = self.sign(now)?;
        }
        Ok(current.0.clone())
    }

    fn sign(&self, now: Timestamp) -> Result<(SecretString, Timestamp), jsonwebtoken::errors::Error> {
        let until = now + limits::APPLE_SECRET_TTL;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key_id.clone());
        let claims = Claims {
            iss: &self.team_id,
            iat: now.seconds(),
            exp: until.seconds(),
            aud: &self.audience,
            sub: &self.client_id,
        };
        Ok((jsonwebtoken::encode(&header, &claims, &self.key)?.into(), until))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{
            ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
            EcdsaSigningAlgorithm,
        },
    };
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;
    use crate::clock::held::HeldClock;

    fn pem(algorithm: &'static EcdsaSigningAlgorithm) -> SecretString {
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("a key");
        let text = STANDARD.encode(key.as_ref());
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n").into()
    }

    fn make(private_key: &SecretString, clock: Arc<HeldClock>) -> Result<AppleSecret, ConfigFault> {
        AppleSecret::new(Parts {
            team_id: "TEAM123456",
            key_id: "KEY1234567",
            private_key,
            client_id: "org.example",
            audience: "https://appleid.apple.com",
            clock,
        })
    }

    #[test]
    fn it_is_kept_and_renewed_before_it_runs_out() {
        let clock = HeldClock::new();
        let secret = make(&pem(&ECDSA_P256_SHA256_FIXED_SIGNING), clock.clone()).expect("a good key");
        let text = || secret.current().expect("signs").expose_secret().to_owned();
        let first = text();
        assert_eq!(text(), first);
        clock.advance(limits::APPLE_SECRET_TTL - limits::APPLE_SECRET_RENEWAL);
        let second = text();
        assert_ne!(second, first);
        clock.set(Timestamp::from_seconds(1_700_000_000));
        assert_ne!(text(), second);
    }

    #[test]
    fn a_key_of_another_kind_shows_at_once_and_is_not_printed() {
        let line_breaks_as_text: SecretString =
            pem(&ECDSA_P256_SHA256_FIXED_SIGNING).expose_secret().replace('\n', "\\n").into();
        assert!(make(&line_breaks_as_text, HeldClock::new()).is_ok());
        for wrong in
            [pem(&ECDSA_P384_SHA384_FIXED_SIGNING), "sesame".to_owned().into(), SecretString::default()]
        {
            let fault = make(&wrong, HeldClock::new()).err().expect("refused");
            assert_eq!(fault.setting, "private_key");
            assert!(!fault.to_string().contains("sesame"));
        }
    }
}
