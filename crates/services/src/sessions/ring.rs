//! The opened signing keys of a node.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use jsonwebtoken::DecodingKey;
use mainstay_model::{Timestamp, key::SigningKey};
use serde_json::{Value, json};

use crate::{
    Error, Result,
    crypto::{self, Purpose, Sealer},
    ports::Random,
    sabotage::{self, Guard},
};

/// One key, ready to sign and to verify.
pub(super) struct RingKey {
    pub(super) kid: String,
    pub(super) activates_at: Timestamp,
    pub(super) retires_at: Option<Timestamp>,
    pub(super) verifier: DecodingKey,
    pair: EcdsaKeyPair,
    /// The encoded JOSE header of its tokens, which never changes.
    header: String,
    jwk: Value,
}

/// All keys that are not retired, oldest first.
pub(super) struct Ring {
    keys: Vec<RingKey>,
    pub(super) loaded_at: Timestamp,
}

impl RingKey {
    fn open(key: &SigningKey, sealer: &Sealer) -> Result<Self> {
        let pkcs8 = sealer.open(Purpose::SigningKey, &key.sealed_private_key).map_err(Error::internal)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)
            .map_err(|_| Error::internal("a stored signing key is not readable"))?;
        let verifier = DecodingKey::from_ec_der(pair.public_key().as_ref());
        let jwk = serde_json::from_str(&key.public_jwk).map_err(Error::internal)?;
        let header = json!({ "alg": "ES256", "kid": key.kid, "typ": "JWT" });
        Ok(Self {
            kid: key.kid.clone(),
            activates_at: key.activates_at,
            retires_at: key.retires_at,
            verifier,
            pair,
            header: crypto::encode(header.to_string().as_bytes()),
            jwk,
        })
    }

    /// Signs a token in JWS compact form (RFC 7515, 7.1). The pair is kept parsed, which a general encoder can't do.
    pub(super) fn sign(&self, claims: &[u8]) -> Result<String> {
        let mut text = format!("{}.{}", self.header, crypto::encode(claims));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .map_err(|_| Error::internal("a token could not be signed"))?;
        text.push('.');
        text.push_str(&crypto::encode(signature.as_ref()));
        Ok(text)
    }

    fn is_retired(&self, now: Timestamp) -> bool {
        self.retires_at.is_some_and(|at| at <= now)
    }
}

impl Ring {
    /// Opens stored keys; those that are retired already are left out, so that their seal need not open any more.
    pub(super) fn open(keys: &[SigningKey], sealer: &Sealer, now: Timestamp) -> Result<Self> {
        let keys = keys
            .iter()
            .filter(|key| key.retires_at.is_none_or(|at| at > now))
            .map(|key| RingKey::open(key, sealer))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { keys, loaded_at: now })
    }

    /// The key that signs: the newest made of those that are active.
    pub(super) fn signing(&self, now: Timestamp) -> Option<&RingKey> {
        self.keys.iter().rev().find(|key| key.activates_at <= now && !key.is_retired(now))
    }

    /// The key with this id, if it is not retired. A key that does not sign yet verifies: another node's clock may be ahead.
    pub(super) fn verifying(&self, kid: &str, now: Timestamp) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.kid == kid).filter(|key| !key.is_retired(now))
    }

    /// Whether the id belongs to a key of the ring, retired meanwhile or not.
    pub(super) fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    /// How many keys verify.
    pub(super) fn len(&self, now: Timestamp) -> usize {
        self.keys.iter().filter(|key| !key.is_retired(now)).count()
    }

    /// The public keys as a JWK set (RFC 7517, 5).
    pub(super) fn jwks(&self, now: Timestamp) -> Value {
        let mut keys: Vec<Value> =
            self.keys.iter().filter(|key| !key.is_retired(now)).map(|key| key.jwk.clone()).collect();
        if sabotage::is_off(Guard::JwksPublicOnly) {
            keys.iter_mut().for_each(|key| key["d"] = json!(crypto::encode(&[0; 32])));
        }
        json!({ "keys": keys })
    }
}

/// Makes a key. Its `kid` is the public key's thumbprint (RFC 7638).
pub(super) fn make(
    sealer: &Sealer,
    random: &dyn Random,
    created_at: Timestamp,
    activates_at: Timestamp,
) -> Result<SigningKey> {
    let failed = |_| Error::internal("a signing key could not be made");
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref())
        .map_err(|_| Error::internal("a signing key could not be made"))?;
    // An uncompressed point (SEC 1, 2.3.3): 4 ‖ x ‖ y.
    let point = pair.public_key().as_ref();
    let (x, y) = (crypto::encode(&point[1..33]), crypto::encode(&point[33..65]));
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let kid = crypto::encode(&crypto::sha256(canonical.as_bytes()));
    let jwk =
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": kid });
    Ok(SigningKey {
        kid,
        sealed_private_key: sealer.seal(random, Purpose::SigningKey, pkcs8.as_ref()),
        public_jwk: jwk.to_string(),
        created_at,
        activates_at,
        retires_at: None,
    })
}
