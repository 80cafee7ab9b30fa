//! Which pages of other origins may call (SEC-1): an exact list, with credentials, and nobody else.

use std::{collections::BTreeSet, time::Duration};

use actix_web::{
    dev::RequestHead,
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
    },
};
use mainstay_services::sabotage::{self, Guard};
use url::Url;

use crate::security::limits;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str =
    "authorization, content-type, if-none-match, mainstay-client, x-csrf-token, x-request-id";
const RESPONSE_HEADERS: &str = "etag, location, ratelimit, ratelimit-policy, retry-after, x-request-id";

/// What the `Origin` header of a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing: no browser, or one that reads from its own origin.
    Absent,
    /// One of ours, to be repeated in the answer.
    Ours(HeaderValue),
    /// Another site, `null`, or nonsense.
    Foreign,
}

/// The origins whose pages may call with credentials.
pub(crate) struct Origins(BTreeSet<Vec<u8>>);

impl Origins {
    /// The public URL's origin and the configured ones.
    pub(crate) fn new(public_url: &Url, allowed: &[String]) -> Self {
        let own = public_url.origin().ascii_serialization();
        // `*` and `null` can't be allowed by configuration either.
        let allowed = allowed.iter().filter(|origin| !matches!(origin.as_str(), "*" | "null" | "")).cloned();
        Self(std::iter::once(own).chain(allowed).map(String::into_bytes).collect())
    }

    /// Judges a request's origin.
    pub(crate) fn judge(&self, headers: &HeaderMap) -> Origin {
        let mut values = headers.get_all(header::ORIGIN);
        match (values.next(), values.next()) {
            (None, _) => Origin::Absent,
            (Some(origin), None) if self.0.contains(origin.as_bytes()) => Origin::Ours(origin.clone()),
            _ => Origin::Foreign,
        }
    }

    /// Whether a URL, such as a `Referer`, lies in one of our origins.
    pub(crate) fn owns_url(&self, text: &str) -> bool {
        Url::parse(text).is_ok_and(|url| self.0.contains(url.origin().ascii_serialization().as_bytes()))
    }
}

/// Whether a browser asks in advance (Fetch standard, CORS-preflight).
pub(crate) fn is_preflight(head: &RequestHead) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(header::ORIGIN)
        && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Tells the browser that its page may read the answer, if it may.
pub(crate) fn decorate(headers: &mut HeaderMap, origin: &Origin) {
    // On every answer: a cache must not hand one origin's answer to another.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let allowed = match origin {
        Origin::Ours(origin) => origin.clone(),
        Origin::Foreign if sabotage::is_off(Guard::Cors) => HeaderValue::from_static("*"),
        Origin::Absent | Origin::Foreign => return,
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
}

/// What a preflight of one of our origins is told beside that.
pub(crate) fn decorate_preflight(headers: &mut HeaderMap) {
    const MAX_AGE: Duration = limits::PREFLIGHT_MAX_AGE;
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE.as_secs()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(values: &[&str]) -> Origin {
        let url = Url::parse("https://app.example.com/studio").expect("a URL");
        let allowed = ["https://other.example", "*", "null", ""].map(str::to_owned);
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ORIGIN, HeaderValue::from_str(value).expect("a header"));
        }
        Origins::new(&url, &allowed).judge(&headers)
    }

    #[test]
    fn t_op_05_only_exact_origins_are_ours() {
        for ours in ["https://app.example.com", "https://other.example"] {
            assert_eq!(judge(&[ours]), Origin::Ours(HeaderValue::from_static(ours)));
        }
        assert_eq!(judge(&[]), Origin::Absent);
        for foreign in [
            "null",
            "*",
            "",
            "https://evil.example",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://evilapp.example.com",
            "https://x.app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com/",
            "HTTPS://APP.EXAMPLE.COM",
        ] {
            assert_eq!(judge(&[foreign]), Origin::Foreign, "{foreign}");
        }
        assert_eq!(judge(&["https://app.example.com", "https://evil.example"]), Origin::Foreign);
    }
}
