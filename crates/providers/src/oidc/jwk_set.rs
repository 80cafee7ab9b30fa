//! Reads a JSON Web Key set (RFC 7517). A key that is of no use here is stepped over and spoils nothing.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::limits;

/// Modulus sizes that RS256 is verified with, in bytes: 2048 bits is the least that RFC 7518, 3.3 allows.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
const KID_BYTES_MAX: usize = 256;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Rsa {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: String,
    e: String,
}

/// The usable RS256 keys of a set, by key id.
///
/// # Errors
/// When the text is no key set, or has no usable key: then what is known already is better.
pub(crate) fn read(body: &[u8]) -> Result<BTreeMap<String, Arc<DecodingKey>>, String> {
    let set: Set = serde_json::from_slice(body).map_err(|error| format!("no key set: {error}"))?;
    let mut keys = BTreeMap::new();
    for (kid, key) in set.keys.into_iter().filter_map(usable).take(limits::JWKS_KEYS_MAX) {
        keys.entry(kid).or_insert_with(|| Arc::new(key));
    }
    if keys.is_empty() { Err("the key set has no usable key".to_owned()) } else { Ok(keys) }
}

fn usable(key: Value) -> Option<(String, DecodingKey)> {
    let key: Rsa = serde_json::from_value(key).ok()?;
    let fits = key.kty == "RSA"
        && key.usage.as_deref().is_none_or(|usage| usage == "sig")
        && key.alg.as_deref().is_none_or(|alg| alg == "RS256")
        && !key.kid.is_empty()
        && key.kid.len() <= KID_BYTES_MAX;
    let modulus = URL_SAFE_NO_PAD.decode(&key.n).ok()?;
    if !fits || !MODULUS_BYTES.contains(&modulus.len()) {
        return None;
    }
    Some((key.kid, DecodingKey::from_rsa_components(&key.n, &key.e).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rsa(kid: &str) -> Value {
        json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": URL_SAFE_NO_PAD.encode([0xc1; 256]), "e": "AQAB" })
    }

    fn with(mut key: Value, member: &str, value: Value) -> Value {
        key[member] = value;
        key
    }

    #[test]
    fn a_key_that_is_of_no_use_does_not_spoil_the_others() {
        let set = json!({ "keys": [
            { "kty": "AKP", "alg": "ML-DSA-65", "kid": "akp", "pub": "AAAA" },
            { "kty": "EC", "crv": "P-192", "kid": "ec", "x": "AAAA", "y": "AAAA" },
            { "kty": "oct", "kid": "oct", "alg": "HS256", "k": "c2VjcmV0" },
            "no object", 7, null,
            with(rsa("enc"), "use", json!("enc")),
            with(rsa("other-alg"), "alg", json!("RS512")),
            with(rsa("broken"), "n", json!("!!!")),
            with(rsa("short"), "n", json!(URL_SAFE_NO_PAD.encode([0xc1; 128]))),
            with(rsa(""), "x", json!(1)),
            rsa("good"),
        ]});
        let keys = read(set.to_string().as_bytes()).expect("one key is good");
        assert_eq!(keys.keys().collect::<Vec<_>>(), ["good"]);
    }

    #[test]
    fn a_set_without_a_usable_key_is_a_failure() {
        for text in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[{"kty":"oct"}]}"#] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
