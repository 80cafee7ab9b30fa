//! Takes secrets out of evidence: e-mail addresses keep two characters, tokens the last four, passwords and codes nothing.
//!
//! A report is mailed around; it must not open anything.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::Value;

/// Headers that carry a secret.
const HEADERS: &[&str] = &[
    "authorization",
    "cookie",
    "set-cookie",
    "x-csrf-token",
    "x-test-auth",
    "x-api-key",
    "proxy-authorization",
];

/// Words in the name of a field that holds a secret.
const FIELDS: &[&str] = &[
    "token",
    "secret",
    "password",
    "code",
    "csrf",
    "verifier",
    "assertion",
    "signature",
    "authenticatordata",
    "clientdatajson",
    "attestationobject",
    "challenge",
    "key",
];

/// Fields whose names have such a word and whose values are none.
const HARMLESS: &[&str] = &["code", "token_type", "key_id", "csrf_required"];

static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"([A-Za-z0-9._%+-]{1,2})[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+)").ok());
static JWT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*").ok());

/// Whether a header carries a secret by its name.
pub(crate) fn is_secret_header(name: &str) -> bool {
    HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

/// An address as evidence may show it: values of a query by their name.
pub(crate) fn url(address: &str) -> String {
    match address.split_once('?') {
        Some((path, query)) => format!("{}?{}", text(path), form(query)),
        None => text(address).into_owned(),
    }
}

/// Pairs of a form or a query; values go by their name.
fn form(pairs: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_secret_field(&name.to_ascii_lowercase()) => {
            format!("{name}={}", tail(value))
        }
        _ => text(&pair.replace("%40", "@")).into_owned(),
    };
    pairs.split('&').map(pair).collect::<Vec<_>>().join("&")
}

fn is_secret_field(name: &str) -> bool {
    !HARMLESS.contains(&name) && FIELDS.iter().any(|word| name.contains(word))
        || matches!(name, "code" | "jwt" | "auth" | "pass" | "pwd")
}

/// Whether a body looks like a form: pairs without spaces or line breaks.
fn is_form(body: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '{' | '}' | '"');
    body.contains('=') && body.chars().all(is_plain)
}

/// A header's value as evidence may show it.
pub(crate) fn header(name: &str, value: &str) -> String {
    if !HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return text(value).into_owned();
    }
    if name.eq_ignore_ascii_case("set-cookie") {
        return set_cookie(value);
    }
    if name.eq_ignore_ascii_case("cookie") {
        return value.split(';').map(|pair| cookie(pair.trim())).collect::<Vec<_>>().join("; ");
    }
    match value.split_once(' ') {
        Some((scheme, rest)) if name.eq_ignore_ascii_case("authorization") => {
            format!("{scheme} {}", tail(rest))
        }
        _ => tail(value),
    }
}

fn set_cookie(value: &str) -> String {
    match value.split_once(';') {
        Some((pair, attributes)) => format!("{};{attributes}", cookie(pair)),
        None => cookie(value),
    }
}

fn cookie(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", tail(value)),
        None => tail(pair),
    }
}

/// The last four characters of something long enough that four tell nothing.
pub(crate) fn tail(secret: &str) -> String {
    let count = secret.chars().count();
    if count == 0 {
        return String::new();
    }
    if count < 16 {
        return "…".to_owned();
    }
    format!("…{}", secret.chars().skip(count - 4).collect::<String>())
}

/// A body as evidence may show it: fields by their name, the rest by its form.
pub(crate) fn body(bytes: &[u8]) -> String {
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        walk(&mut value);
        return text(&value.to_string()).into_owned();
    }
    let body = String::from_utf8_lossy(bytes);
    if is_form(&body) { form(&body) } else { text(&body).into_owned() }
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_problem = fields.contains_key("type") && fields.contains_key("title");
            for (name, value) in fields {
                let name = name.to_ascii_lowercase();
                let is_harmless = name.as_str() == "code" && is_problem
                    || HARMLESS.contains(&name.as_str()) && name != "code";
                match value {
                    Value::String(secret)
                        if !is_harmless && FIELDS.iter().any(|word| name.contains(word)) =>
                    {
                        *secret = tail(secret);
                    }
                    other => walk(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        _ => {}
    }
}

/// A text without addresses and tokens.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    let without_tokens = match &*JWT {
        Some(jwt) => jwt.replace_all(text, |found: &Captures<'_>| tail(&found[0])),
        None => Cow::Borrowed(text),
    };
    match &*EMAIL {
        Some(email) => Cow::Owned(email.replace_all(&without_tokens, "$1…@$2").into_owned()),
        None => without_tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_headers_keep_four_characters_at_most() {
        assert_eq!(header("Authorization", "Bearer abcdefghijklmnopqrst"), "Bearer …qrst");
        assert_eq!(header("cookie", "a=0123456789abcdef; b=short"), "a=…cdef; b=…");
        assert_eq!(header("set-cookie", "a=0123456789abcdef; Path=/; HttpOnly"), "a=…cdef; Path=/; HttpOnly");
        assert_eq!(header("x-frame-options", "DENY"), "DENY");
    }

    #[test]
    fn bodies_lose_secrets_and_keep_problem_codes() {
        let shown = body(
            br#"{"refresh_token":"0123456789abcdefghij","mail":"somebody@example.com","code":"12345678"}"#,
        );
        assert!(!shown.contains("12345678"), "{shown}");
        assert!(!shown.contains("somebody"), "{shown}");
        let problem = body(br#"{"type":"urn:x","title":"t","code":"csrf_refused"}"#);
        assert!(problem.contains("csrf_refused"), "{problem}");
    }

    #[test]
    fn forms_and_queries_lose_secrets_by_the_name_of_the_field() {
        let shown = body(b"user=somebody%40example.com&password=correct-horse-battery");
        assert_eq!(shown, "user=so…@example.com&password=…tery");
        assert_eq!(
            url("http://a/me?access_token=0123456789abcdefghij&page=2"),
            "http://a/me?access_token=…ghij&page=2"
        );
        assert_eq!(body(b"a = b\nc"), "a = b\nc");
    }

    #[test]
    fn tokens_in_the_middle_of_a_text_are_found() {
        let shown = text("said eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl to mail@example.com");
        assert!(!shown.contains("eyJhbGci") && !shown.contains("mail@"), "{shown}");
    }
}
