//! A net below the types that do not print: what looks like an address or a secret is cut before it reaches the log.
//!
//! E-mail addresses keep two characters, tokens their last four, and what follows the word "password" nothing (SEC-10). It errs on
//! the side of cutting too much.

use std::borrow::Cow;

/// Runs of token characters from this length on are taken for secrets. A UUID has 36; our tokens have 43 and more.
const TOKEN_CHARS_MIN: usize = 40;
/// Names whose value is never shown.
const SECRET_NAMES: [&str; 8] =
    ["password", "passwd", "secret", "authorization", "cookie", "set-cookie", "x-test-auth", "x-csrf-token"];

/// Cuts what looks secret or personal out of a log line.
pub(super) fn redact(line: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut position = 0;
    let bytes = line.as_bytes();
    while position < bytes.len() {
        if !is_token_byte(bytes[position]) {
            position += 1;
            continue;
        }
        let start = position;
        while position < bytes.len() && is_token_byte(bytes[position]) {
            position += 1;
        }
        let run = &line[start..position];
        let (end, replacement) = if is_secret_name(run) {
            let Some(end) = value_end(bytes, position, is_cookie(run)) else { continue };
            (end, format!("{run}=[redacted]"))
        } else if let Some(shown) = shortened(run) {
            (position, shown)
        } else {
            continue;
        };
        let out = out.get_or_insert_with(|| String::with_capacity(line.len()));
        out.push_str(&line[copied..start]);
        out.push_str(&replacement);
        copied = end;
        position = end;
    }
    match out {
        None => Cow::Borrowed(line),
        Some(mut text) => {
            text.push_str(&line[copied..]);
            Cow::Owned(text)
        }
    }
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'@' | b'%')
}

fn is_secret_name(run: &str) -> bool {
    SECRET_NAMES.iter().any(|name| run.eq_ignore_ascii_case(name))
}

/// Cookies are several pairs with spaces between them; the whole line goes.
fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie")
}

/// Where the value after a secret's name ends: `name=value`, `"name":"value"`, `name: value`. None when no value follows.
fn value_end(bytes: &[u8], after_name: usize, whole_line: bool) -> Option<usize> {
    let mut position = after_name;
    let mut separated = false;
    let mut quoted = false;
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'=' | b':' => separated = true,
            b'"' if separated => quoted = true,
            b'"' | b'\\' | b' ' => {}
            _ => break,
        }
        position += 1;
    }
    if !separated || position >= bytes.len() {
        return None;
    }
    let stop = |byte: u8| match byte {
        b'"' => quoted || whole_line,
        b'\n' => !quoted,
        b' ' | b',' | b'}' => !quoted && !whole_line,
        _ => false,
    };
    while position < bytes.len() && !stop(bytes[position]) {
        position += 1;
    }
    Some(position)
}

fn shortened(run: &str) -> Option<String> {
    if let Some((local, domain)) = run.split_once('@')
        && !local.is_empty()
        && domain.contains('.')
    {
        return Some(format!("{}…@…", &local[..local.len().min(2)]));
    }
    let secret = run.starts_with("msk_") || run.split('.').any(|part| part.len() >= TOKEN_CHARS_MIN);
    secret.then(|| format!("…{}", &run[run.len().saturating_sub(4)..]))
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn addresses_keep_two_characters() {
        assert_eq!(redact("to adalovelace@example.com now"), "to ad…@… now");
    }

    #[test]
    fn tokens_keep_four() {
        let token = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYWB";
        assert_eq!(
            redact(&format!("token={token}!")),
            "token=…YWB!".replace("…YWB", &format!("…{}", &token[token.len() - 4..]))
        );
        assert_eq!(redact("msk_abcd1234_xyz9"), "…xyz9");
        let jwt = format!("eyJhbGciOiJFUzI1NiJ9.{}.sig", "a".repeat(60));
        assert_eq!(redact(&jwt), "….sig");
    }

    #[test]
    fn passwords_keep_nothing() {
        assert_eq!(redact(r#"{"password":"hunter2 is mine","a":1}"#), r#"{"password=[redacted]","a":1}"#);
        assert_eq!(redact("password=hunter2 next"), "password=[redacted] next");
        assert_eq!(redact("Cookie: a=b; c=d\n"), "Cookie=[redacted]\n");
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        let line = "request id=01939b1e-7b3a-7000-8000-000000000000 route=/v1/notes/{note_id} status=200";
        assert!(matches!(redact(line), std::borrow::Cow::Borrowed(_)));
    }
}
