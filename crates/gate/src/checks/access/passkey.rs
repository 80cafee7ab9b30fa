//! A passkey that nobody can sign with, so that there is one to attack: its public key is the curve's own base point.
//! Registering asks for no attestation and so for no signature (WebAuthn 3, 6.5.4 and 8.7).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{check::Ended, members::Actor};

/// The base point of P-256 (SEC 2, 2.4.2): x, then y.
const POINT: [u8; 64] = [
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
    0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3,
    0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];
/// User present and verified, credential data attached.
const FLAGS: u8 = 0x45;

/// Registers one for a member who is signed in in a browser; answers its id, or nothing where there are no passkeys.
pub(super) async fn register(member: &Actor) -> Result<Option<String>, Ended> {
    let start = member.post("/v1/auth/passkey/register/start").json(&json!({})).patiently();
    let started = start.purpose("begins a passkey").jar(&member.jar).send().await?;
    if started.status == 503 {
        return Ok(None);
    }
    let answer = started.json();
    let options = &answer["public_key"];
    let id = uuid::Uuid::new_v4();
    let origin = member.client().base().origin().ascii_serialization();
    let client_data = json!({ "type": "webauthn.create", "challenge": options["challenge"], "origin": origin, "crossOrigin": false });
    let rp_id = options.pointer("/rp/id").and_then(Value::as_str).unwrap_or_default();
    let id = URL_SAFE_NO_PAD.encode(id.as_bytes());
    let body = json!({
        "ceremony_id": answer["ceremony_id"],
        "name": "a passkey of the gate",
        "credential": {
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data.to_string()),
                "attestationObject": URL_SAFE_NO_PAD.encode(attestation(rp_id, &id)),
                "transports": ["internal"],
            },
        },
    });
    let finish = member.post("/v1/auth/passkey/register/finish").json(&body).patiently();
    let finished = finish.purpose("ends a passkey").jar(&member.jar).expect(201).await?;
    finished.text_at("/passkey/id").map(Some)
}

/// `{"fmt": "none", "attStmt": {}, "authData": …}` in CBOR.
fn attestation(rp_id: &str, id: &str) -> Vec<u8> {
    let id = URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
    let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
    data.push(FLAGS);
    data.extend_from_slice(&[0; 4 + 16]);
    data.extend_from_slice(&[0, 16]);
    data.extend_from_slice(&id);
    // COSE_Key {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
    data.extend_from_slice(&POINT[..32]);
    data.extend_from_slice(&[0x22, 0x58, 0x20]);
    data.extend_from_slice(&POINT[32..]);
    let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
    object.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
    object.extend_from_slice(&data);
    object
}
