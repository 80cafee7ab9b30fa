//! Cross-site request forgery (SEC-2): a request that changes something must come from our pages, and when a cookie says who
//! asks, it must carry that session's token too. Method overrides do not exist here, and bodies are JSON only.

use actix_web::http::{
    Method,
    header::{self, HeaderMap, HeaderName},
};
use mainstay_model::SessionId;
use mainstay_services::{
    App, Code, Error, Result,
    sabotage::{self, Guard},
    sessions,
};

use crate::security::cors::{Origin, Origins};

pub(crate) const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a method changes nothing by its definition (RFC 9110, 9.2.1).
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn fetch_site(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(SEC_FETCH_SITE).map(header::HeaderValue::as_bytes)
}

fn refused() -> Error {
    Error::new(Code::OriginRefused, "The request comes from a page that may not send it.")
}

/// Refuses what a browser sends for another site, whoever is signed in.
///
/// # Errors
/// [`Code::OriginRefused`].
pub(crate) fn refuse_foreign(origin: &Origin, headers: &HeaderMap) -> Result<()> {
    match origin {
        _ if sabotage::is_off(Guard::CsrfOrigin) => Ok(()),
        Origin::Ours(_) => Ok(()),
        Origin::Foreign => Err(refused()),
        Origin::Absent if fetch_site(headers) == Some(b"cross-site") => Err(refused()),
        Origin::Absent => Ok(()),
    }
}

/// Demands that a browser vouches for the page: an origin of ours, or at least that it is the same one.
///
/// # Errors
/// [`Code::OriginRefused`].
pub(crate) fn require_own_page(origin: &Origin, headers: &HeaderMap) -> Result<()> {
    match origin {
        _ if sabotage::is_off(Guard::CsrfOrigin) => Ok(()),
        Origin::Ours(_) => Ok(()),
        Origin::Absent if fetch_site(headers) == Some(b"same-origin") => Ok(()),
        Origin::Absent | Origin::Foreign => Err(refused()),
    }
}

/// The same for a navigation, which carries no origin: a link on one of our pages was followed.
///
/// # Errors
/// [`Code::OriginRefused`].
pub(crate) fn require_own_link(origins: &Origins, headers: &HeaderMap) -> Result<()> {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let same_origin = fetch_site(headers) == Some(b"same-origin");
    if same_origin || referer.is_some_and(|text| origins.owns_url(text)) { Ok(()) } else { Err(refused()) }
}

/// Demands the session's token.
///
/// # Errors
/// [`Code::CsrfRefused`].
pub(crate) fn require_token(app: &App, session_id: SessionId, headers: &HeaderMap) -> Result<()> {
    let mut values = headers.get_all(X_CSRF_TOKEN);
    let token = match (values.next(), values.next()) {
        (Some(token), None) => token.to_str().unwrap_or_default(),
        _ => "",
    };
    if !token.is_empty() && sessions::csrf_matches(app, session_id, token)
        || sabotage::is_off(Guard::CsrfToken)
    {
        return Ok(());
    }
    Err(Error::new(
        Code::CsrfRefused,
        "The header x-csrf-token is missing or belongs to another session; GET /v1/auth/csrf tells the right one.",
    ))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn site(value: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(SEC_FETCH_SITE, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn t_op_06_pages_of_others_are_refused() {
        let ours = Origin::Ours(HeaderValue::from_static("https://app.example.com"));
        assert!(refuse_foreign(&Origin::Foreign, &site(None)).is_err());
        assert!(refuse_foreign(&Origin::Absent, &site(Some("cross-site"))).is_err());
        assert!(refuse_foreign(&Origin::Absent, &site(None)).is_ok());
        assert!(refuse_foreign(&ours, &site(Some("cross-site"))).is_ok());
        assert!(require_own_page(&ours, &site(None)).is_ok());
        assert!(require_own_page(&Origin::Absent, &site(Some("same-origin"))).is_ok());
        for value in [None, Some("same-site"), Some("none"), Some("cross-site")] {
            assert!(require_own_page(&Origin::Absent, &site(value)).is_err(), "{value:?}");
        }
        assert!(require_own_page(&Origin::Foreign, &site(Some("same-origin"))).is_err());
    }
}
