//! An honest authenticator with its browser, in software: ES256, user verified, no attestation (WebAuthn 3, 6.5).

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use mainstay_services::crypto::{encode, sha256};
use serde_json::{Value, json};

const ORIGIN: &str = "http://localhost:8080";
const RP_ID: &str = "localhost";
/// User present and verified.
const FLAGS: u8 = 0x05;
const ATTESTED: u8 = 0x40;

/// One passkey.
pub(crate) struct SoftPasskey {
    id: Vec<u8>,
    user_handle: String,
    key: EcdsaKeyPair,
}

impl SoftPasskey {
    /// `navigator.credentials.create`
    pub(crate) fn create(options: &Value) -> (Self, Value) {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = sha256(key.public_key().as_ref()).to_vec();
        let user_handle = options["user"]["id"].as_str().expect("a user handle").to_owned();
        let passkey = Self { id, user_handle, key };
        let answer = passkey.attest(options);
        (passkey, answer)
    }

    fn attest(&self, options: &Value) -> Value {
        let point = self.key.public_key().as_ref();
        let mut data = authenticator_data(FLAGS | ATTESTED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&[0, 32]);
        data.extend_from_slice(&self.id);
        // COSE_Key {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
        data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend_from_slice(&point[1..33]);
        data.extend_from_slice(&[0x22, 0x58, 0x20]);
        data.extend_from_slice(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend_from_slice(&u16::try_from(data.len()).expect("short").to_be_bytes());
        object.extend_from_slice(&data);
        self.credential(&json!({
            "clientDataJSON": encode(&client_data("webauthn.create", options)),
            "attestationObject": encode(&object),
            "transports": ["internal"],
        }))
    }

    /// `navigator.credentials.get`
    pub(crate) fn get(&self, options: &Value) -> Value {
        let client_data = client_data("webauthn.get", options);
        let data = authenticator_data(FLAGS);
        let signed = [data.as_slice(), &sha256(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signs");
        self.credential(&json!({
            "clientDataJSON": encode(&client_data),
            "authenticatorData": encode(&data),
            "signature": encode(signature.as_ref()),
            "userHandle": self.user_handle,
        }))
    }

    fn credential(&self, response: &Value) -> Value {
        json!({
            "id": encode(&self.id),
            "rawId": encode(&self.id),
            "type": "public-key",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": response,
        })
    }
}

fn client_data(kind: &str, options: &Value) -> Vec<u8> {
    json!({ "type": kind, "challenge": options["challenge"], "origin": ORIGIN, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

fn authenticator_data(flags: u8) -> Vec<u8> {
    let mut data = sha256(RP_ID.as_bytes()).to_vec();
    data.push(flags);
    data.extend_from_slice(&[0; 4]);
    data
}
