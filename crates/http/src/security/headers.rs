//! The headers that every answer carries (SEC-3), whatever its status.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use mainstay_services::sabotage::{self, Guard};
use url::Url;

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// A year, as browsers' preload lists ask at least.
const HSTS: &str = "max-age=31536000; includeSubDomains";
const DATA_CSP: &str = "default-src 'none'; frame-ancestors 'none'";
const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), usb=(), publickey-credentials-create=(self), \
    publickey-credentials-get=(self)";

/// The headers of this deployment.
pub(crate) struct SecurityHeaders {
    hsts: bool,
    page_csp: HeaderValue,
}

impl SecurityHeaders {
    /// `hsts` outside of a developer's machine; pages may connect to `api_bases` beside their own origin.
    pub(crate) fn new(hsts: bool, api_bases: &[Url]) -> Self {
        let mut bases: Vec<String> =
            api_bases.iter().map(|base| base.origin().ascii_serialization()).collect();
        bases.sort();
        bases.dedup();
        let mut connect = "'self'".to_owned();
        for base in bases.iter().filter(|base| *base != "null") {
            connect.push(' ');
            connect.push_str(base);
        }
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
             connect-src {connect}; manifest-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'"
        );
        let page_csp = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(DATA_CSP));
        Self { hsts, page_csp }
    }

    /// Puts them on an answer. What no handler marked as cacheable is not stored anywhere.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(header::CACHE_CONTROL) && !sabotage::is_off(Guard::NoStore) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if sabotage::is_off(Guard::SecurityHeaders) {
            return;
        }
        if self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        // Scripts too: a service worker lives under the policy of its own file.
        let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
            kind.as_bytes().starts_with(b"text/html") || kind.as_bytes().starts_with(b"text/javascript")
        });
        let csp = if is_page { self.page_csp.clone() } else { HeaderValue::from_static(DATA_CSP) };
        headers.insert(header::CONTENT_SECURITY_POLICY, csp);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
        headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
        headers.insert(COOP, HeaderValue::from_static("same-origin"));
        headers.insert(CORP, HeaderValue::from_static("same-origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_op_04_pages_may_connect_to_the_api_bases_and_nothing_is_unsafe() {
        let base = Url::parse("https://api.example.com/x").expect("a URL");
        let policy = SecurityHeaders::new(true, &[base]);
        let text = policy.page_csp.to_str().expect("ASCII");
        assert!(text.contains("connect-src 'self' https://api.example.com;"), "{text}");
        assert!(!text.contains("unsafe"), "{text}");
    }
}
