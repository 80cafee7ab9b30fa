//! What the headers of an answer must say (SEC-3, SES-4). Pure: an answer goes in, what is wrong with it comes out.

use reqwest::header::HeaderMap;

use super::limits;

/// Policies that keep paths and queries from other sites.
const REFERRER_POLICIES: &[&str] =
    &["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"];
/// Headers that only tell attackers what is inside.
const TELLTALE: &[&str] = &["x-powered-by", "x-aspnet-version", "x-runtime", "x-debug"];

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What is wrong with the security headers of an answer.
pub(super) fn faults(headers: &HeaderMap) -> Vec<String> {
    let mut faults = Vec::new();
    let mut demand = |name: &str, allowed: &[&str]| {
        let said = value(headers, name);
        if !allowed.iter().any(|value| said.eq_ignore_ascii_case(value)) {
            faults.push(if said.is_empty() { format!("no {name}") } else { format!("{name}: {said}") });
        }
    };
    demand("x-content-type-options", &["nosniff"]);
    demand("x-frame-options", &["DENY", "SAMEORIGIN"]);
    demand("referrer-policy", REFERRER_POLICIES);
    demand("cross-origin-opener-policy", &["same-origin"]);
    demand("cross-origin-resource-policy", &["same-origin", "same-site"]);
    if value(headers, "permissions-policy").is_empty() {
        faults.push("no permissions-policy".to_owned());
    }
    if value(headers, "cache-control").is_empty() {
        faults.push("no cache-control".to_owned());
    }
    let kind = value(headers, "content-type");
    if kind.starts_with("text/") && !kind.to_ascii_lowercase().contains("charset=utf-8") {
        faults.push(format!("content-type without its charset: {kind}"));
    }
    for name in TELLTALE.iter().filter(|name| headers.contains_key(**name)) {
        faults.push(format!("{name}: {}", value(headers, name)));
    }
    // A proxy may say what it is; which version it is helps attackers alone.
    let server = value(headers, "server");
    if server.contains(|character: char| character.is_ascii_digit()) {
        faults.push(format!("server: {server}"));
    }
    faults.extend(policy_faults(headers));
    faults
}

/// What is wrong with the content security policy of an answer.
pub(super) fn policy_faults(headers: &HeaderMap) -> Vec<String> {
    let mut faults = Vec::new();
    let policies = headers.get_all("content-security-policy").iter();
    let policies = policies.filter_map(|policy| policy.to_str().ok()).collect::<Vec<_>>();
    let Some(policy) = policies.first() else { return vec!["no content-security-policy".to_owned()] };
    if policies.len() > 1 {
        faults.push("several content-security-policy headers".to_owned());
    }
    let directives = directives(policy);
    let sources = |name: &str| directives.iter().find(|(key, _)| key == name).map(|(_, sources)| sources);
    for (name, sources) in &directives {
        for source in sources {
            if is_loose(name, source) {
                faults.push(format!("the policy allows {name} {source}"));
            }
        }
    }
    let falls_back = |name: &str| sources(name).or_else(|| sources("default-src"));
    for name in ["default-src", "object-src", "script-src", "frame-ancestors"] {
        let found = if name == "frame-ancestors" { sources(name) } else { falls_back(name) };
        let is_closed = found.is_some_and(|found| found.iter().all(|source| is_own(source)));
        if !is_closed {
            faults.push(format!("the policy leaves {name} open"));
        }
    }
    let is_page = value(headers, "content-type").starts_with("text/html");
    // Only pages have a base, and `default-src` does not speak of it.
    if is_page && sources("base-uri").is_none_or(|found| found.iter().any(|source| !is_own(source))) {
        faults.push("the policy leaves base-uri open".to_owned());
    }
    faults
}

/// Directives with their sources, in lower case.
fn directives(policy: &str) -> Vec<(String, Vec<String>)> {
    let directives =
        policy.split(';').map(|directive| directive.split_whitespace().map(str::to_ascii_lowercase));
    directives.filter_map(|mut words| words.next().map(|name| (name, words.collect()))).collect()
}

fn is_own(source: &str) -> bool {
    matches!(source, "'none'" | "'self'") || source.starts_with("'nonce-") || source.starts_with("'sha")
}

/// Whether a source opens more than a named place.
fn is_loose(directive: &str, source: &str) -> bool {
    let is_code =
        matches!(directive, "default-src" | "script-src" | "script-src-elem" | "worker-src" | "object-src");
    source.starts_with("'unsafe-")
        || source.contains('*')
        || matches!(source, "http:" | "https:" | "ws:" | "wss:")
        || is_code && matches!(source, "data:" | "blob:" | "filesystem:")
}

/// What is wrong with the transport security of an answer outside of a developer's machine.
pub(super) fn hsts_faults(headers: &HeaderMap) -> Vec<String> {
    let said = value(headers, "strict-transport-security").to_ascii_lowercase();
    if said.is_empty() {
        return vec!["no strict-transport-security".to_owned()];
    }
    let mut words = said.split(';').map(str::trim);
    let age =
        words.clone().find_map(|word| word.strip_prefix("max-age=")).and_then(|age| age.parse::<u64>().ok());
    let mut faults = Vec::new();
    if age.is_none_or(|age| age < limits::HSTS_SECONDS_MIN) {
        faults.push(format!("less than a year: {said}"));
    }
    if !words.any(|word| word == "includesubdomains") {
        faults.push(format!("without includeSubDomains: {said}"));
    }
    faults
}

/// How a browser reaches a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Tls,
    /// A developer's machine.
    Plain,
}

/// What is wrong with a cookie that a browser gets.
pub(super) fn cookie_faults(set_cookie: &str, transport: Transport) -> Vec<String> {
    let mut parts = set_cookie.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split_once('=')).map(|(name, _)| name).unwrap_or_default();
    let attributes = parts.map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let has = |attribute: &str| attributes.iter().any(|found| found == attribute);
    let starts = |start: &str| attributes.iter().find_map(|found| found.strip_prefix(start));
    let mut faults = Vec::new();
    let mut demand = |holds: bool, fault: &str| {
        if !holds {
            faults.push(format!("{name}: {fault}"));
        }
    };
    demand(has("httponly"), "script can read it");
    demand(
        matches!(starts("samesite="), Some("lax" | "strict")) || has("samesite=none") && has("secure"),
        "no SameSite",
    );
    demand(starts("domain=").is_none(), "it has a Domain, so that other hosts get it");
    demand(starts("path=").is_some_and(|path| path.starts_with('/')), "no Path");
    if transport == Transport::Tls {
        demand(has("secure"), "not Secure");
        demand(
            name.starts_with("__Host-") || name.starts_with("__Secure-"),
            "no prefix that browsers enforce",
        );
        demand(!name.starts_with("__Host-") || has("path=/"), "__Host- without Path=/");
    }
    faults
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
        };
        pairs.iter().map(pair).collect()
    }

    fn good() -> HeaderMap {
        headers(&[
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=()"),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
        ])
    }

    #[test]
    fn a_good_answer_has_no_fault_and_each_missing_header_is_one() {
        assert_eq!(faults(&good()), [""; 0]);
        for name in [
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
            "cache-control",
            "content-security-policy",
        ] {
            let mut without = good();
            without.remove(name);
            assert_eq!(faults(&without).len(), 1, "{name}");
        }
        let mut telling = good();
        telling.insert("server", HeaderValue::from_static("nginx"));
        assert!(faults(&telling).is_empty());
        telling.insert("server", HeaderValue::from_static("nginx/1.22.1"));
        assert_eq!(faults(&telling), ["server: nginx/1.22.1"]);
        telling.insert("x-powered-by", HeaderValue::from_static("PHP"));
        assert_eq!(faults(&telling), ["x-powered-by: PHP", "server: nginx/1.22.1"]);
    }

    #[test]
    fn loose_policies_are_found() {
        for policy in [
            "default-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
            "default-src 'none'; script-src https:; base-uri 'none'; frame-ancestors 'none'",
            "default-src 'none'; script-src data:; base-uri 'none'; frame-ancestors 'none'",
            "default-src 'none'; connect-src *.example.com; base-uri 'none'; frame-ancestors 'none'",
            "default-src 'none'; base-uri 'none'",
            "default-src 'none'; frame-ancestors 'none'",
            "script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ] {
            let mut bad = good();
            bad.insert("content-security-policy", HeaderValue::from_static(policy));
            assert!(!policy_faults(&bad).is_empty(), "{policy}");
        }
        let mut named = good();
        let policy = "default-src 'none'; connect-src 'self' https://api.example.com; img-src data:; base-uri 'none'; frame-ancestors 'none'";
        named.insert("content-security-policy", HeaderValue::from_static(policy));
        assert_eq!(policy_faults(&named), [""; 0]);
    }

    #[test]
    fn transport_security_lasts_a_year_at_least() {
        let said = |value: &str| hsts_faults(&headers(&[("strict-transport-security", value)])).len();
        assert_eq!(said("max-age=31536000; includeSubDomains"), 0);
        assert_eq!(said("max-age=31535999; includeSubDomains"), 1);
        assert_eq!(said("max-age=63072000"), 1);
        assert_eq!(said("includeSubDomains"), 1);
        assert_eq!(hsts_faults(&HeaderMap::new()).len(), 1);
    }

    #[test]
    fn cookies_that_script_or_other_hosts_get_are_found() {
        let strict = |cookie: &str| cookie_faults(cookie, Transport::Tls).len();
        assert_eq!(strict("__Host-a=b; Path=/; HttpOnly; Secure; SameSite=Lax"), 0);
        assert_eq!(strict("__Secure-a=b; Path=/v1; HttpOnly; Secure; SameSite=Lax"), 0);
        assert_eq!(strict("a=b; Path=/; HttpOnly; Secure; SameSite=Lax"), 1);
        assert_eq!(strict("__Host-a=b; Path=/; Secure; SameSite=Lax"), 1);
        assert_eq!(strict("__Host-a=b; Path=/v1; HttpOnly; Secure; SameSite=Lax"), 1);
        assert_eq!(strict("__Host-a=b; Path=/; HttpOnly; Secure; SameSite=Lax; Domain=example.com"), 1);
        assert_eq!(cookie_faults("a=b; Path=/; HttpOnly; SameSite=None", Transport::Plain).len(), 1);
        assert_eq!(cookie_faults("a=b; Path=/; HttpOnly; SameSite=Lax", Transport::Plain).len(), 0);
    }
}
