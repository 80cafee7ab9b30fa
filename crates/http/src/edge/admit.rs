//! The gate: everything that a request must pass before its handler runs, in this order.

use actix_web::{
    dev::ServiceRequest,
    http::header::{self, HeaderMap, HeaderName},
};
use mainstay_model::session::Posture;
use mainstay_services::{
    Code, Error,
    sabotage::{self, Guard},
};

use crate::{
    access::{Access, Route},
    body::too_large,
    edge::facts::{Facts, Noted},
    extract::Visit,
    route_table::Found,
    security::{
        authentication::{self, Identity},
        csrf, limits,
    },
    state::Edge,
    telemetry::Label,
};

const MAINSTAY_CLIENT: HeaderName = HeaderName::from_static("mainstay-client");

/// Everything that a request must pass before its handler runs.
pub(super) async fn admit(
    edge: &Edge,
    request: &ServiceRequest,
    facts: &Facts,
    noted: &Noted,
) -> Result<Option<Visit>, Error> {
    let (app, headers) = (&*edge.app, request.headers());
    let is_long =
        request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > limits::URI_BYTES_MAX);
    if is_long && !sabotage::is_off(Guard::UriLimit) {
        return Err(Error::new(Code::InvalidRequest, "The address is too long."));
    }
    let counted = edge.limiter.count_address(app, facts.class(), facts.client).await?;
    noted.counted.set(counted);
    if let Some(counted) = counted {
        counted.verdict()?;
    }
    let route: &'static Route = match (&facts.found, facts.label) {
        (Found::Route { route, .. }, _) => route,
        (Found::OtherMethods(_), _) => {
            return Err(Error::new(Code::MethodNotAllowed, "This path does not take that method."));
        }
        (Found::Nothing, Label::Studio) => return Ok(None),
        (Found::Nothing, _) if sabotage::is_off(Guard::UnknownPaths) => return Ok(None),
        (Found::Nothing, _) => return Err(Error::not_found()),
    };

    let presented = authentication::presented(headers, &edge.cookies);
    let is_unsafe = !csrf::is_safe(request.method());
    if is_unsafe && !matches!(route.access, Access::FlowBound | Access::Webhook) {
        csrf::refuse_foreign(&facts.origin, headers)?;
        if presented.is_cookie() {
            csrf::require_own_page(&facts.origin, headers)?;
        }
    }
    if content_length(headers)? > route.body_bytes_max && !sabotage::is_off(Guard::BodyLimit) {
        return Err(too_large(route.body_bytes_max));
    }
    if let Some(capability) = route.capability {
        app.capabilities.require(capability)?;
    }

    let identity = authentication::authenticate(app, route.access, presented).await?;
    let account = match &identity {
        Identity::Member { caller, .. } => Some(caller.member_id.uuid()),
        Identity::Service(key) => Some(key.id.uuid()),
        Identity::Anonymous => None,
    };
    noted.member_id.set(identity.member_id());
    if let Some(account) = account
        && let Some(by_account) = edge.limiter.count_account(app, route.class, account.as_bytes()).await?
    {
        noted.counted.set(Some(by_account.tighter(counted)));
        by_account.verdict()?;
    }
    if let Identity::Member { caller, by_cookie: true } = &identity
        && is_unsafe
    {
        csrf::require_token(app, caller.session_id, headers)?;
    }
    let posture = posture(route.access, headers)?;
    Ok(Some(Visit { request_id: facts.request_id.clone(), client: facts.client, route, identity, posture }))
}

/// How the tokens of a new session are to be carried.
fn posture(access: Access, headers: &HeaderMap) -> Result<Posture, Error> {
    let asks_for_bearer =
        headers.get(MAINSTAY_CLIENT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"bearer"));
    if !asks_for_bearer || !matches!(access, Access::SignIn | Access::Anyone | Access::Session) {
        return Ok(Posture::Browser);
    }
    refuse_browser(headers).map(|()| Posture::Bearer)
}

/// Tokens that script can read are not for browsers (SES-4).
pub(crate) fn refuse_browser(headers: &HeaderMap) -> Result<(), Error> {
    let is_browser = headers.contains_key(header::ORIGIN) || headers.contains_key(csrf::SEC_FETCH_SITE);
    if is_browser && !sabotage::is_off(Guard::BearerNotForBrowsers) {
        let detail = "Pages get cookies, which no script can read. Leave out mainstay-client.";
        return Err(Error::new(Code::BearerNotForBrowsers, detail));
    }
    Ok(())
}

fn content_length(headers: &HeaderMap) -> Result<usize, Error> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(0) };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length.ok_or_else(|| Error::new(Code::InvalidRequest, "Content-Length is no number."))
}
