//! An authenticator and its browser in software (ES256, no attestation), which may lie about everything.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mainstay_services::crypto;
use serde_json::{Value, json};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// What authenticator and browser state; honest by default.
#[derive(Clone)]
pub(crate) struct Claims {
    pub(crate) origin: String,
    pub(crate) rp_id: String,
    pub(crate) user_verified: bool,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    pub(crate) counter: u32,
    pub(crate) cross_origin: bool,
    pub(crate) client_data_type: Option<&'static str>,
    /// In the place of the options' challenge.
    pub(crate) challenge: Option<String>,
    pub(crate) discoverable: Option<bool>,
    pub(crate) user_handle: Option<Vec<u8>>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            origin: "http://localhost:8080".to_owned(),
            rp_id: "localhost".to_owned(),
            user_verified: true,
            backup_eligible: true,
            backed_up: true,
            counter: 0,
            cross_origin: false,
            client_data_type: None,
            challenge: None,
            discoverable: Some(true),
            user_handle: None,
        }
    }
}

impl Claims {
    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["challenge"].as_str().expect("a challenge");
        json!({
            "type": self.client_data_type.unwrap_or(kind),
            "challenge": self.challenge.as_deref().unwrap_or(challenge),
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        })
        .to_string()
        .into_bytes()
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut flags = flags | USER_PRESENT;
        for (is_set, flag) in [
            (self.user_verified, USER_VERIFIED),
            (self.backup_eligible, BACKUP_ELIGIBLE),
            (self.backed_up, BACKED_UP),
        ] {
            if is_set {
                flags |= flag;
            }
        }
        let mut data = crypto::sha256(self.rp_id.as_bytes()).to_vec();
        data.push(flags);
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }
}

/// One credential in an authenticator.
pub(crate) struct SoftPasskey {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) user_handle: Vec<u8>,
    key: EcdsaKeyPair,
}

impl SoftPasskey {
    /// `navigator.credentials.create`: a new key for the options, and what the browser answers.
    pub(crate) fn create(options: &Value, claims: &Claims) -> (Self, Value) {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let point = key.public_key().as_ref().to_vec();
        let passkey = Self {
            credential_id: crypto::sha256(&point).to_vec(),
            user_handle: URL_SAFE_NO_PAD
                .decode(options["user"]["id"].as_str().expect("a user handle"))
                .expect("base64url"),
            key,
        };
        let answer = passkey.attest(options, claims);
        (passkey, answer)
    }

    /// The registration of this very credential, also a second time.
    pub(crate) fn attest(&self, options: &Value, claims: &Claims) -> Value {
        let point = self.key.public_key().as_ref();
        let mut data = claims.authenticator_data(ATTESTED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(self.credential_id.len()).expect("short").to_be_bytes());
        data.extend_from_slice(&self.credential_id);
        // COSE_Key {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
        data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend_from_slice(&point[1..33]);
        data.extend_from_slice(&[0x22, 0x58, 0x20]);
        data.extend_from_slice(&point[33..]);

        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend_from_slice(&u16::try_from(data.len()).expect("short").to_be_bytes());
        object.extend_from_slice(&data);
        let mut extensions = json!({});
        if let Some(discoverable) = claims.discoverable {
            extensions = json!({ "credProps": { "rk": discoverable } });
        }
        self.credential(
            json!({
                "clientDataJSON": encode(&claims.client_data("webauthn.create", options)),
                "attestationObject": encode(&object),
                "transports": ["internal", "hybrid"],
                "publicKeyAlgorithm": -7,
            }),
            &extensions,
        )
    }

    /// `navigator.credentials.get`: what the browser answers.
    pub(crate) fn get(&self, options: &Value, claims: &Claims) -> Value {
        let client_data = claims.client_data("webauthn.get", options);
        let data = claims.authenticator_data(0);
        let signed = [data.as_slice(), &crypto::sha256(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signs");
        self.credential(
            json!({
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(signature.as_ref()),
                "userHandle": encode(claims.user_handle.as_deref().unwrap_or(&self.user_handle)),
            }),
            &json!({}),
        )
    }

    fn credential(&self, response: Value, extensions: &Value) -> Value {
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions,
            "response": response,
        })
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
