//! Whether a text looks like a secret: by the name of its field, by its form, by how little order is in it. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::limits;

/// Words in the name of a field that holds a secret.
const NAMES: &[&str] = &[
    "secret",
    "password",
    "passwd",
    "token",
    "private",
    "credential",
    "api_key",
    "apikey",
    "signing_key",
    "encryption",
    "dsn",
    "smtp",
    "database_url",
    "redis_url",
];
/// Fields with such a word that hold none.
const HARMLESS: &[&str] = &["password_chars_min", "password_bytes_max", "password", "csrf_token"];
/// How secrets begin.
const BEGINNINGS: &[&str] = &[
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "whsec_",
    "msk_",
    "ghp_",
    "AKIA",
    "xox",
    "eyJ",
    "postgres://",
    "postgresql://",
    "redis://",
    "rediss://",
    "smtp://",
    "smtps://",
];

/// Every place of a JSON value that looks like a secret.
pub(super) fn suspects(value: &Value, known: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, "", known, &mut found);
    found
}

fn walk(value: &Value, path: &str, known: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(value, &format!("{path}/{name}"), known, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{index}"), known, found);
            }
        }
        Value::String(text) if !known.iter().any(|known| path.ends_with(known)) => {
            if let Some(why) = suspicion(path.rsplit('/').next().unwrap_or_default(), text) {
                found.push(format!("{path} ({why})"));
            }
        }
        _ => {}
    }
}

/// Why a field's text looks like a secret.
pub(super) fn suspicion(name: &str, text: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if text.is_empty() {
        return None;
    }
    if !HARMLESS.contains(&name.as_str()) && NAMES.iter().any(|word| name.contains(word)) {
        return Some("by its name");
    }
    if text.contains("-----BEGIN ") {
        return Some("by its beginning");
    }
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '<' | '>' | '(' | ')'))
        .find_map(word_suspicion)
}

fn word_suspicion(word: &str) -> Option<&'static str> {
    if BEGINNINGS.iter().any(|start| word.starts_with(start)) && word.len() > 12 {
        return Some("by its beginning");
    }
    if word.contains("://")
        && word
            .split("://")
            .nth(1)
            .is_some_and(|rest| rest.split('/').next().is_some_and(|host| host.contains('@')))
    {
        return Some("credentials in an address");
    }
    let is_dense = word.len() >= limits::SECRET_CHARS_MIN
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    let is_id = uuid::Uuid::try_parse(word).is_ok();
    (is_dense && !is_id && has_digits_and_letters(word) && entropy(word) >= limits::SECRET_ENTROPY_MIN)
        .then_some("by its entropy")
}

fn has_digits_and_letters(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Shannon's, in bits of each character.
fn entropy(text: &str) -> f64 {
    let mut counts = BTreeMap::new();
    for byte in text.bytes() {
        *counts.entry(byte).or_insert(0_u32) += 1;
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts.values().map(|&count| f64::from(count) / length).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_by_name_beginning_form_and_entropy() {
        for (name, text) in [
            ("client_secret", "x"),
            ("note", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ("url", "postgres://app:hunter2@db/main"),
            ("detail", "connected to https://user:pass@example.com/x"),
            ("value", "Zk3vQ9x2Lp0aRt7Yw5Ns8Bd1Hg4Jm6Uc"),
            ("detail", "-----BEGIN PRIVATE KEY-----"),
        ] {
            assert!(suspicion(name, text).is_some(), "{name}: {text}");
        }
    }

    #[test]
    fn words_ids_and_addresses_are_none() {
        for (name, text) in [
            ("reason", "Sign in with Apple is not configured."),
            ("id", "0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4"),
            ("api_bases", "https://api.example.com/v1"),
            ("description", "What `x-csrf-token` must say."),
            ("operationId", "finish_passkey_registration"),
            ("rp_id", "localhost"),
        ] {
            assert_eq!(suspicion(name, text), None, "{name}: {text}");
        }
        assert_eq!(
            suspects(&json!({ "a": [{ "client_secret": "x" }] }), &[]),
            ["/a/0/client_secret (by its name)"]
        );
        assert_eq!(suspects(&json!({ "a": { "client_secret": "x" } }), &["/client_secret"]), [""; 0]);
    }
}
