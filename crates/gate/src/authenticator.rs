//! A passkey without a browser: a software authenticator (WebAuthn Level 3, ES256, attestation `none`) that can lie on demand.
//!
//! What it answers is the W3C's JSON form, as `PublicKeyCredential.toJSON()` gives it. A lie is signed with the right key unless
//! the lie is about the signature, so that only the altered part is wrong.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};

use crate::check::Ended;

/// Flags of authenticator data (WebAuthn, 6.1).
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// One passkey.
pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    credential_id: [u8; 32],
    user_handle: Option<String>,
}

/// What an answer says beside the truth; by default nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lie {
    /// Another page than the one that asked.
    pub(crate) origin: Option<String>,
    /// Another relying party.
    pub(crate) rp_id: Option<String>,
    /// Another challenge, as base64url.
    pub(crate) challenge: Option<String>,
    /// Another ceremony (`webauthn.get`, `webauthn.create`).
    pub(crate) kind: Option<&'static str>,
    /// The page was embedded in another one.
    pub(crate) embedded: bool,
    /// The user was not verified.
    pub(crate) unverified: bool,
    /// The user was not even there.
    pub(crate) absent: bool,
    /// Whether the credential may be backed up (BE); true unless said otherwise.
    pub(crate) backup_eligible: Option<bool>,
    /// Whether it is backed up (BS); as BE unless said otherwise.
    pub(crate) backed_up: Option<bool>,
    /// Signature counter; 0 unless said otherwise, as synchronised passkeys have it.
    pub(crate) counter: u32,
    /// One bit of the signature is turned.
    pub(crate) bent_signature: bool,
    /// Signed with a key that nobody registered.
    pub(crate) foreign_key: bool,
    /// Another member's handle, as base64url.
    pub(crate) user_handle: Option<String>,
}

impl Authenticator {
    /// A fresh key pair.
    ///
    /// # Errors
    /// [`Ended::Error`] when the machine has no randomness.
    pub(crate) fn new() -> Result<Self, Ended> {
        let mut credential_id = [0; 32];
        aws_lc_rs::rand::fill(&mut credential_id).map_err(|_| no_randomness())?;
        Ok(Self { key: new_key()?, credential_id, user_handle: None })
    }

    pub(crate) fn credential_id(&self) -> String {
        BASE64URL.encode(self.credential_id)
    }

    /// Whose passkey it is, as the deployment said at the registration (base64url).
    pub(crate) fn user_handle(&self) -> String {
        self.user_handle.clone().unwrap_or_default()
    }

    /// `navigator.credentials.create()`: from `PublicKeyCredentialCreationOptionsJSON` to `RegistrationResponseJSON`.
    ///
    /// # Errors
    /// [`Ended::Error`] when the options are none.
    pub(crate) fn create(&mut self, options: &Value, origin: &str, lie: &Lie) -> Result<Value, Ended> {
        let rp_id = text(options, "/rp/id")?;
        self.user_handle = Some(text(options, "/user/id")?.to_owned());
        let client_data = client_data("webauthn.create", text(options, "/challenge")?, origin, lie);
        let mut data = authenticator_data(rp_id, ATTESTED, lie);
        data.extend_from_slice(&self.attested_credential());
        Ok(json!({
            "id": self.credential_id(),
            "rawId": self.credential_id(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": BASE64URL.encode(client_data),
                "attestationObject": BASE64URL.encode(none_attestation(&data)),
                "authenticatorData": BASE64URL.encode(&data),
                "transports": ["internal"],
            },
        }))
    }

    /// `navigator.credentials.get()`: from `PublicKeyCredentialRequestOptionsJSON` to `AuthenticationResponseJSON`.
    ///
    /// # Errors
    /// [`Ended::Error`] when the options are none.
    pub(crate) fn get(&self, options: &Value, origin: &str, lie: &Lie) -> Result<Value, Ended> {
        let client_data = client_data("webauthn.get", text(options, "/challenge")?, origin, lie);
        let data = authenticator_data(text(options, "/rpId")?, 0, lie);
        let signed = [&data[..], digest(&SHA256, &client_data).as_ref()].concat();
        let foreign = if lie.foreign_key { Some(new_key()?) } else { None };
        let key = foreign.as_ref().unwrap_or(&self.key);
        let signature = key.sign(&SystemRandom::new(), &signed).map_err(|_| no_randomness())?;
        let mut signature = signature.as_ref().to_vec();
        if lie.bent_signature
            && let Some(last) = signature.last_mut()
        {
            *last ^= 1;
        }
        let handle = lie.user_handle.clone().or_else(|| self.user_handle.clone());
        Ok(json!({
            "id": self.credential_id(),
            "rawId": self.credential_id(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL.encode(client_data),
                "authenticatorData": BASE64URL.encode(data),
                "signature": BASE64URL.encode(signature),
                "userHandle": handle,
            },
        }))
    }

    /// AAGUID, length and value of the credential id, and its public key (WebAuthn, 6.5.1).
    fn attested_credential(&self) -> Vec<u8> {
        let length = u16::try_from(self.credential_id.len()).unwrap_or(u16::MAX);
        let mut bytes = vec![0; 16];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.credential_id);
        bytes.extend_from_slice(&cose_key(self.key.public_key().as_ref()));
        bytes
    }
}

fn new_key() -> Result<EcdsaKeyPair, Ended> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| no_randomness())
}

fn no_randomness() -> Ended {
    Ended::error("no key could be made on this machine")
}

fn text<'a>(options: &'a Value, pointer: &str) -> Result<&'a str, Ended> {
    let found = options.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| Ended::error(format!("the ceremony's options have no {pointer}")))
}

/// `CollectedClientData` (WebAuthn, 5.8.1).
fn client_data(kind: &str, challenge: &str, origin: &str, lie: &Lie) -> Vec<u8> {
    let mut data = json!({
        "type": lie.kind.unwrap_or(kind),
        "challenge": lie.challenge.as_deref().unwrap_or(challenge),
        "origin": lie.origin.as_deref().unwrap_or(origin),
        "crossOrigin": lie.embedded,
    });
    if lie.embedded {
        data["topOrigin"] = json!("https://evil.example");
    }
    data.to_string().into_bytes()
}

/// Authenticator data (WebAuthn, 6.1) up to the counter.
fn authenticator_data(rp_id: &str, more_flags: u8, lie: &Lie) -> Vec<u8> {
    let rp_id = lie.rp_id.as_deref().unwrap_or(rp_id);
    let eligible = lie.backup_eligible.unwrap_or(true);
    let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    let flags = more_flags
        | flag(!lie.absent, USER_PRESENT)
        | flag(!lie.unverified, USER_VERIFIED)
        | flag(eligible, BACKUP_ELIGIBLE)
        | flag(lie.backed_up.unwrap_or(eligible), BACKED_UP);
    let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
    data.push(flags);
    data.extend_from_slice(&lie.counter.to_be_bytes());
    data
}

/// An ES256 public key in COSE (RFC 9053, 7.1.1) from its uncompressed point: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
fn cose_key(point: &[u8]) -> Vec<u8> {
    let (x, y) = point.get(1..65).map_or((&[][..], &[][..]), |xy| xy.split_at(32));
    let mut bytes = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    bytes.extend_from_slice(x);
    bytes.extend_from_slice(&[0x22, 0x58, 0x20]);
    bytes.extend_from_slice(y);
    bytes
}

/// The CBOR of `{fmt: "none", attStmt: {}, authData}` (WebAuthn, 8.7).
fn none_attestation(data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xa3];
    bytes.extend_from_slice(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x59");
    bytes.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    const ORIGIN: &str = "https://app.example.com";

    fn creation() -> Value {
        json!({ "rp": { "id": "example.com" }, "user": { "id": "aGFuZGxl" }, "challenge": "Y2hhbGxlbmdl" })
    }

    fn request() -> Value {
        json!({ "rpId": "example.com", "challenge": "Y2hhbGxlbmdl" })
    }

    fn bytes(answer: &Value, field: &str) -> Vec<u8> {
        BASE64URL.decode(answer["response"][field].as_str().unwrap()).unwrap()
    }

    fn is_signed(authenticator: &Authenticator, answer: &Value) -> bool {
        let client = digest(&SHA256, &bytes(answer, "clientDataJSON"));
        let signed = [bytes(answer, "authenticatorData"), client.as_ref().to_vec()].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, authenticator.key.public_key().as_ref())
            .verify(&signed, &bytes(answer, "signature"))
            .is_ok()
    }

    #[test]
    fn a_registration_carries_key_and_flags_where_the_standard_puts_them() {
        let mut authenticator = Authenticator::new().unwrap();
        let answer = authenticator.create(&creation(), ORIGIN, &Lie::default()).unwrap();
        let data = bytes(&answer, "authenticatorData");
        assert_eq!(data[..32], *digest(&SHA256, b"example.com").as_ref());
        assert_eq!(data[32], 0x5d);
        assert_eq!(data[33..37], [0; 4]);
        assert_eq!(data[53..55], [0, 32]);
        assert_eq!(data[55..87], authenticator.credential_id);
        let point = authenticator.key.public_key().as_ref().to_vec();
        assert_eq!(data[87..97], [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20]);
        assert_eq!(data[97..129], point[1..33]);
        assert_eq!(data[132..164], point[33..65]);
        assert_eq!(data.len(), 164);
        let object = bytes(&answer, "attestationObject");
        assert!(object.starts_with(b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59\x00\xa4"));
        assert!(object.ends_with(&data));
        assert_eq!(authenticator.user_handle(), "aGFuZGxl");
    }

    #[test]
    fn an_honest_assertion_is_signed_and_a_lie_too_unless_it_is_about_the_signature() {
        let mut authenticator = Authenticator::new().unwrap();
        authenticator.create(&creation(), ORIGIN, &Lie::default()).unwrap();
        let honest = authenticator.get(&request(), ORIGIN, &Lie::default()).unwrap();
        assert!(is_signed(&authenticator, &honest));
        let lie = Lie {
            origin: Some("https://evil.example".to_owned()),
            rp_id: Some("evil.example".to_owned()),
            unverified: true,
            backup_eligible: Some(false),
            backed_up: Some(true),
            counter: 5,
            ..Lie::default()
        };
        let answer = authenticator.get(&request(), ORIGIN, &lie).unwrap();
        assert!(is_signed(&authenticator, &answer));
        let data = bytes(&answer, "authenticatorData");
        assert_eq!((data[32], &data[33..37]), (0x11, &[0, 0, 0, 5][..]));
        assert_eq!(data[..32], *digest(&SHA256, b"evil.example").as_ref());
        let client: Value = serde_json::from_slice(&bytes(&answer, "clientDataJSON")).unwrap();
        assert_eq!(client["origin"], "https://evil.example");
        for lie in
            [Lie { bent_signature: true, ..Lie::default() }, Lie { foreign_key: true, ..Lie::default() }]
        {
            assert!(
                !is_signed(&authenticator, &authenticator.get(&request(), ORIGIN, &lie).unwrap()),
                "{lie:?}"
            );
        }
    }

    #[test]
    fn options_without_a_challenge_are_no_ceremony() {
        assert!(Authenticator::new().unwrap().get(&json!({}), ORIGIN, &Lie::default()).is_err());
    }
}
