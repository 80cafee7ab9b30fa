//! The cookies of browsers (SES-4): never readable by script, and outside of a developer's machine with the prefixes by
//! which browsers themselves refuse a cookie that a plain-text connection planted and, for `__Host-`, one of a sister site too
//! (RFC 6265bis, 4.1.3).

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use mainstay_model::SessionId;
use mainstay_services::sabotage::{self, Guard};

/// The refresh cookie goes nowhere else.
pub(crate) const REFRESH_PATH: &str = "/v1/auth";

/// What a flow cookie belongs to; each kind has its own, so that one flow does not disturb another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Passkey,
    Email,
    Google,
    Apple,
}

/// The names that this deployment uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieNames {
    pub(crate) access: &'static str,
    pub(crate) refresh: &'static str,
    /// Says which session the refresh cookie belongs to. No secret: what counts is that a sister site can't plant a cookie of this
    /// name, while it can plant one of the refresh cookie's, whose path rules the stronger prefix out.
    pub(crate) session: &'static str,
    /// Says that somebody signed in here before. It opens nothing.
    pub(crate) known: &'static str,
    is_secure: bool,
}

impl CookieNames {
    pub(crate) const fn new(is_secure: bool) -> Self {
        if is_secure {
            Self {
                access: "__Host-mainstay_access",
                refresh: "__Secure-mainstay_refresh",
                session: "__Host-mainstay_session",
                known: "__Host-mainstay_known",
                is_secure,
            }
        } else {
            Self {
                access: "mainstay_access",
                refresh: "mainstay_refresh",
                session: "mainstay_session",
                known: "mainstay_known",
                is_secure,
            }
        }
    }

    /// How the names of a flow's cookies begin; a random end follows.
    pub(crate) const fn flow(&self, flow: Flow) -> &'static str {
        match (flow, self.is_secure) {
            (Flow::Passkey, false) => "mainstay_flow_passkey",
            (Flow::Passkey, true) => "__Host-mainstay_flow_passkey",
            (Flow::Email, false) => "mainstay_flow_email",
            (Flow::Email, true) => "__Host-mainstay_flow_email",
            (Flow::Google, false) => "mainstay_flow_google",
            (Flow::Google, true) => "__Host-mainstay_flow_google",
            (Flow::Apple, false) => "mainstay_flow_apple",
            (Flow::Apple, true) => "__Host-mainstay_flow_apple",
        }
    }

    pub(crate) fn set_access(&self, token: &str, life: Duration) -> HeaderValue {
        self.set(self.access, token, "/", "Lax", self.is_secure, life)
    }

    pub(crate) fn set_refresh(&self, token: &str, life: Duration) -> HeaderValue {
        self.set(self.refresh, token, REFRESH_PATH, "Lax", self.is_secure, life)
    }

    pub(crate) fn set_session(&self, id: SessionId, life: Duration) -> HeaderValue {
        self.set(self.session, &id.to_string(), "/", "Lax", self.is_secure, life)
    }

    pub(crate) fn set_known(&self, mark: &str, life: Duration) -> HeaderValue {
        self.set(self.known, mark, "/", "Lax", self.is_secure, life)
    }

    /// Apple answers by a cross-site form post, which carries no `Lax` cookies.
    pub(crate) fn set_flow(&self, flow: Flow, name: &str, secret: &str, life: Duration) -> HeaderValue {
        match flow {
            Flow::Apple => self.set(name, secret, "/", "None", true, life),
            _ => self.set(name, secret, "/", "Lax", self.is_secure, life),
        }
    }

    pub(crate) fn clear_flow(&self, flow: Flow, name: &str) -> HeaderValue {
        self.set_flow(flow, name, "", Duration::ZERO)
    }

    /// Takes a browser's session away.
    pub(crate) fn clear_session(&self) -> [HeaderValue; 3] {
        [
            self.set_access("", Duration::ZERO),
            self.set_refresh("", Duration::ZERO),
            self.set(self.session, "", "/", "Lax", self.is_secure, Duration::ZERO),
        ]
    }

    fn set(
        self,
        name: &str,
        value: &str,
        path: &str,
        same_site: &str,
        secure: bool,
        life: Duration,
    ) -> HeaderValue {
        let secure = if secure { "; Secure" } else { "" };
        let attributes = format!("HttpOnly{secure}; SameSite={same_site}");
        let attributes = if sabotage::is_off(Guard::CookieAttributes) { "" } else { &attributes };
        let text = format!("{name}={value}; Path={path}; Max-Age={}; {attributes}", life.as_secs());
        // Names are constants, and values are base64url or a JSON Web Token.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// One cookie of a request; the first if there are several of its name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookies(headers).find(|(key, _)| *key == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// Every cookie of a name: a sister site may have planted others beside ours.
pub(crate) fn cookies_named<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    cookies(headers)
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}

/// The cookies whose name is the prefix, an underscore and some end.
pub(crate) fn cookies_with_prefix<'a>(
    headers: &'a HeaderMap,
    prefix: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    cookies(headers).filter(move |(key, _)| key.strip_prefix(prefix).is_some_and(|end| end.starts_with('_')))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        // A foreign cookie with strange bytes, which a sister site may set, does not take ours with it.
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim_start().split_once('='))
        .map(|(key, value)| (key, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ses_4_attributes_are_exact() {
        let life = Duration::from_secs(900);
        let (dev, strict) = (CookieNames::new(false), CookieNames::new(true));
        assert_eq!(
            strict.set_access("t", life),
            "__Host-mainstay_access=t; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            strict.set_refresh("t", life),
            "__Secure-mainstay_refresh=t; Path=/v1/auth; Max-Age=900; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            dev.set_access("t", life),
            "mainstay_access=t; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            dev.set_flow(Flow::Apple, "mainstay_flow_apple_x", "s", life),
            "mainstay_flow_apple_x=s; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=None"
        );
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers
            .append(header::COOKIE, HeaderValue::from_static("xmainstay_access=no; mainstay_access=yes;b=c"));
        headers.append(header::COOKIE, HeaderValue::from_static("d=e"));
        assert_eq!(cookie(&headers, "mainstay_access"), Some("yes"));
        assert_eq!(cookie(&headers, "d"), Some("e"));
        assert_eq!(cookie(&headers, "missing"), None);
    }
}
