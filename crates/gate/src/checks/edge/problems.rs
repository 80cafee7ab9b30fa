//! What a refusal must look like (RFC 9457, SEC-9), and what it must never tell. Pure.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::client::Answer;

/// Words and shapes that only come from inside: code, queries, frameworks, folders.
const LEAKS: &[&str] = &[
    r"panicked at",
    r"stack backtrace|Traceback \(most recent|RUST_BACKTRACE",
    r"\.rs:\d+",
    r"(?i)\b(select|insert into|update|delete from)\b.{1,80}\b(from|where|set|values)\b",
    r"(?i)\b(sqlx|sqlite|postgres(ql)?|pgbouncer|redis|actix|tokio|hyper|serde(_json)?|utoipa|rustls|webauthn)(_\w+)?\b",
    r"(?i)no such table|constraint failed|duplicate key value|violates .{1,40} constraint",
    r"/(home|usr|var|root|tmp|\.cargo)/[a-z]",
    r"invalid type: |invalid value: |unknown variant |expected .{1,80} at line \d+",
    r"(?i)os error \d+|ECONNREFUSED|connection refused",
];

static LEAK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&LEAKS.iter().map(|leak| format!("(?:{leak})")).collect::<Vec<_>>().join("|")).ok()
});

/// What a text tells from inside.
pub(super) fn leak(text: &str) -> Option<String> {
    let found = LEAK.as_ref()?.find(text)?;
    Some(found.as_str().to_owned())
}

/// What is wrong with a refusal; nothing for answers that are none. `canary` is a word of the request that must not come back.
pub(super) fn faults(answer: &Answer, canary: &str) -> Vec<String> {
    if answer.status < 400 {
        return Vec::new();
    }
    let body = answer.json();
    let mut faults = form_faults(answer.status, answer.header("content-type").unwrap_or_default(), &body);
    let named = body.get("request_id").and_then(Value::as_str);
    if named != answer.header("x-request-id") {
        faults.push(format!(
            "the body names request {named:?}, the header {:?}",
            answer.header("x-request-id")
        ));
    }
    let text = answer.body_text();
    if let Some(leak) = leak(&text) {
        faults.push(format!("it tells from inside: {leak:?}"));
    }
    if !canary.is_empty() && text.contains(canary) {
        faults.push("it repeats a value of the request".to_owned());
    }
    faults
}

fn form_faults(status: u16, kind: &str, body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if kind.split(';').next().map(str::trim) != Some("application/problem+json") {
        faults.push(format!("content-type is {kind:?}"));
    }
    for field in ["type", "title", "detail", "code", "request_id"] {
        if body.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
            faults.push(format!("no {field}"));
        }
    }
    if body.get("status").and_then(Value::as_u64) != Some(u64::from(status)) {
        faults.push(format!("status says {:?}, not {status}", body.get("status")));
    }
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    if !code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        faults.push(format!("{code:?} is no stable word"));
    }
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    if !kind.ends_with(code) {
        faults.push(format!("the type {kind:?} is not of the code {code:?}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_has_its_fields() {
        let good = json!({ "type": "urn:x:not_found", "title": "t", "status": 404, "detail": "d", "code": "not_found", "request_id": "r" });
        assert_eq!(form_faults(404, "application/problem+json", &good), [""; 0]);
        assert_eq!(form_faults(400, "application/problem+json", &good).len(), 1);
        assert_eq!(form_faults(404, "application/json", &good).len(), 1);
        assert!(form_faults(404, "text/html", &Value::Null).len() > 5);
    }

    #[test]
    fn what_only_comes_from_inside_is_found() {
        for text in [
            "thread 'main' panicked at src/main.rs:3:5",
            "SELECT id FROM member WHERE id = $1",
            "error returned from database: no such table: note",
            "invalid type: integer `5`, expected a string at line 1 column 9",
            "actix_web::error",
            "open /var/lib/mainstay: Permission denied (os error 13)",
        ] {
            assert!(leak(text).is_some(), "{text}");
        }
        for text in [
            "A value has the wrong type (line 1, column 9)",
            "Nobody is signed in, or the session needs a refresh.",
            "Many mails went to this address already. Look into the mailbox, or wait a little.",
            "missing field `email` (line 1, column 2)",
        ] {
            assert_eq!(leak(text), None, "{text}");
        }
    }
}
