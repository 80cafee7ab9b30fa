//! Checks that the settings of several providers share.

use url::{Host, Url};

/// A setting that can't be used. Never shows a secret's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct ConfigFault {
    /// Name of the field of the configuration struct, for the caller to name its variable by.
    pub setting: &'static str,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl ConfigFault {
    pub(crate) fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self { setting, reason: reason.into() }
    }
}

/// Whether a URL's host is this machine, by name or by number.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// A URL to which secrets may be sent: https, or plain http to this machine where that is allowed.
pub(crate) fn check_url(
    setting: &'static str,
    url: &Url,
    allow_loopback_http: bool,
) -> Result<(), ConfigFault> {
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(ConfigFault::new(setting, "must have neither credentials nor a fragment"));
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(()),
        "http" if allow_loopback_http && is_loopback(url) => Ok(()),
        "http" if allow_loopback_http => {
            Err(ConfigFault::new(setting, "must be an https URL; plain http is for localhost only"))
        }
        _ => Err(ConfigFault::new(setting, "must be an https URL")),
    }
}

/// A text without which nothing works.
pub(crate) fn check_present(setting: &'static str, value: &str) -> Result<(), ConfigFault> {
    if value.trim().is_empty() || value.trim() != value {
        return Err(ConfigFault::new(setting, "must not be empty or have spaces around it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, loopback: bool) -> bool {
        check_url("x", &url.parse().expect("a URL"), loopback).is_ok()
    }

    #[test]
    fn secrets_go_over_https_or_stay_on_this_machine() {
        assert!(check("https://example.org/token", false));
        assert!(!check("http://example.org/token", true));
        assert!(!check("http://127.0.0.1:1/token", false));
        for loopback in ["http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"] {
            assert!(check(loopback, true), "{loopback}");
        }
        for elsewhere in
            ["http://localhost.example.org/", "http://127.0.0.1.example.org/", "ftp://localhost/"]
        {
            assert!(!check(elsewhere, true), "{elsewhere}");
        }
        assert!(!check("https://user:pass@example.org/", true));
    }
}
