//! The one middleware: every request walks through these steps in this order, and every answer gets its headers here.
//!
//! id → client address → row of the table → origin → size → rate limit by address → capability → who → rate limit by account →
//! CSRF token → handler. A refusal or a panic anywhere ends as a problem with all headers.

use std::{
    cell::Cell,
    future::{Ready, ready},
    net::IpAddr,
    panic::AssertUnwindSafe,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use actix_web::{
    Error as FrameworkError, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    error::InternalError,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};
use futures::{FutureExt, future::LocalBoxFuture};
use mainstay_model::{MemberId, session::Posture};
use mainstay_services::{Code, Error};
use tracing::Instrument;

use crate::{
    access::{Access, Route},
    extract::{Visit, too_large},
    problem::{self, Problem},
    route_table::Found,
    security::{
        authentication::{self, Identity},
        client_address::client_address,
        cors::{self, Origin},
        csrf, limits,
        rate_limit::{Class, Counted},
        request_id::{X_REQUEST_ID, request_id},
    },
    state::Edge,
    telemetry::{self, Label},
};

const MAINSTAY_CLIENT: HeaderName = HeaderName::from_static("mainstay-client");

/// Wraps the router.
pub(crate) struct Guard(pub(crate) Arc<Edge>);

impl<S> Transform<S, ServiceRequest> for Guard
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = FrameworkError> + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = FrameworkError;
    type Transform = Guarded<S>;
    type InitError = ();
    type Future = Ready<Result<Guarded<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Guarded { service: Rc::new(service), edge: Arc::clone(&self.0) }))
    }
}

/// The guarded router of one worker.
pub(crate) struct Guarded<S> {
    service: Rc<S>,
    edge: Arc<Edge>,
}

impl<S> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = FrameworkError> + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = FrameworkError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, FrameworkError>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        Box::pin(answer(Arc::clone(&self.edge), Rc::clone(&self.service), request))
    }
}

/// What is known of a request at once, and stays known whatever happens to it.
struct Facts {
    started: Instant,
    request_id: String,
    client: Option<IpAddr>,
    origin: Origin,
    method: &'static str,
    found: Found,
    label: Label,
    is_preflight: bool,
}

/// What is found out on the way and belongs into the answer or the log.
#[derive(Default)]
struct Noted {
    member_id: Cell<Option<MemberId>>,
    counted: Cell<Option<Counted>>,
}

impl Facts {
    fn of(edge: &Edge, request: &mut ServiceRequest) -> Self {
        let started = Instant::now();
        let method = telemetry::method_label(request.method());
        // A HEAD is a GET without the body of its answer, which the connection leaves out by itself.
        if *request.method() == Method::HEAD {
            request.head_mut().method = Method::GET;
        }
        let headers = request.headers();
        let found = edge.table.find(request.method(), request.path());
        let label = match &found {
            Found::Route { index, route } => Label::Route { index: *index, route },
            Found::OtherMethods(_) => Label::Unmatched,
            Found::Nothing if is_for_studio(request) => Label::Studio,
            Found::Nothing => Label::Unmatched,
        };
        Self {
            started,
            request_id: request_id(headers, &edge.app),
            client: client_address(
                request.peer_addr().map(|peer| peer.ip()),
                headers,
                &edge.settings.trusted_proxies,
            ),
            origin: edge.origins.judge(headers),
            method,
            found,
            label,
            is_preflight: cors::is_preflight(request.head()),
        }
    }

    fn class(&self) -> Class {
        match self.label {
            Label::Route { route, .. } => route.class,
            Label::Studio => Class::Unlimited,
            Label::Unmatched => Class::Public,
        }
    }
}

fn is_for_studio(request: &ServiceRequest) -> bool {
    *request.method() == Method::GET && !request.path().starts_with("/v1/")
}

async fn answer<S>(
    edge: Arc<Edge>,
    service: Rc<S>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<BoxBody>, FrameworkError>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = FrameworkError> + 'static,
{
    let facts = Facts::of(&edge, &mut request);
    let noted = Noted::default();
    let span = tracing::info_span!("request", request_id = facts.request_id);
    let walk = walk(&edge, &*service, request, &facts, &noted).instrument(span.clone());
    let outcome = AssertUnwindSafe(walk).catch_unwind().await;
    let _entered = span.enter();
    match outcome {
        Ok(Ok(mut response)) => {
            let refusal = response.response().error().map(|error| refusal(&facts, error, &edge));
            if let Some(refusal) = refusal {
                *response.response_mut() = refusal;
            }
            finish(&edge, &facts, &noted, response.response_mut());
            Ok(response)
        }
        Ok(Err(error)) => Err(without_request(&edge, &facts, &noted, refusal(&facts, &error, &edge))),
        Err(panic) => {
            metrics::counter!("mainstay_panics_total", "where" => "http").increment(1);
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned();
            let response = refuse(&facts, &Error::internal(format!("panic: {words}")));
            Err(without_request(&edge, &facts, &noted, response))
        }
    }
}

/// The request is gone with its handler; the framework puts the answer on the connection all the same.
fn without_request(edge: &Edge, facts: &Facts, noted: &Noted, mut response: HttpResponse) -> FrameworkError {
    finish(edge, facts, noted, &mut response);
    InternalError::from_response("contained", response).into()
}

async fn walk<S>(
    edge: &Edge,
    service: &S,
    request: ServiceRequest,
    facts: &Facts,
    noted: &Noted,
) -> Result<ServiceResponse<BoxBody>, FrameworkError>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = FrameworkError>,
{
    if facts.is_preflight {
        let response = preflight(facts);
        return Ok(request.into_response(response));
    }
    match admit(edge, &request, facts, noted).await {
        Ok(visit) => {
            if let Some(visit) = visit {
                request.extensions_mut().insert(visit);
            }
            service.call(request).await
        }
        Err(error) => {
            let mut response = refuse(facts, &error);
            if let (Found::OtherMethods(allow), Code::MethodNotAllowed) = (&facts.found, error.code)
                && let Ok(allow) = HeaderValue::try_from(allow)
            {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            Ok(request.into_response(response))
        }
    }
}

fn preflight(facts: &Facts) -> HttpResponse {
    match facts.origin {
        Origin::Ours(_) => {
            let mut response = HttpResponse::NoContent().finish();
            cors::decorate_preflight(response.headers_mut());
            response
        }
        Origin::Absent | Origin::Foreign => {
            refuse(facts, &Error::new(Code::OriginRefused, "Pages of this origin may not call here."))
        }
    }
}

/// Everything that a request must pass before its handler runs.
async fn admit(
    edge: &Edge,
    request: &ServiceRequest,
    facts: &Facts,
    noted: &Noted,
) -> Result<Option<Visit>, Error> {
    let (app, headers) = (&*edge.app, request.headers());
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > limits::URI_BYTES_MAX) {
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
        (Found::Nothing, _) => return Err(Error::not_found()),
    };

    let presented = authentication::presented(headers, &edge.cookies);
    let is_unsafe = !csrf::is_safe(request.method());
    if is_unsafe && route.access != Access::FlowBound {
        csrf::refuse_foreign(&facts.origin, headers)?;
        if presented.is_cookie() {
            csrf::require_own_page(&facts.origin, headers)?;
        }
    }
    if content_length(headers)? > route.body_bytes_max {
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
    let asks_for_bearer = headers.get(MAINSTAY_CLIENT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"bearer"));
    if !asks_for_bearer || !matches!(access, Access::SignIn | Access::Anyone | Access::Session) {
        return Ok(Posture::Browser);
    }
    refuse_browser(headers).map(|()| Posture::Bearer)
}

/// Tokens that script can read are not for browsers (SES-4).
pub(crate) fn refuse_browser(headers: &HeaderMap) -> Result<(), Error> {
    if headers.contains_key(header::ORIGIN) || headers.contains_key(csrf::SEC_FETCH_SITE) {
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

fn refusal(facts: &Facts, error: &FrameworkError, edge: &Edge) -> HttpResponse {
    let Some(problem) = error.as_error::<Problem>() else {
        return refuse(facts, &problem::from_framework(error));
    };
    let mut response = refuse(facts, &problem.error);
    if problem.clears_session {
        for cookie in edge.cookies.clear_session() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Writes a refusal, counts it, and logs it when the fault is ours. The one place where errors are logged.
fn refuse(facts: &Facts, error: &Error) -> HttpResponse {
    let code = error.code.as_str();
    problem::log_if_ours(error, facts.label.as_str());
    match error.code {
        Code::CsrfRefused | Code::OriginRefused | Code::BearerNotForBrowsers => {
            metrics::counter!("mainstay_edge_refusals_total", "code" => code).increment(1);
        }
        _ if facts.class() == Class::Auth => count_sign_in_failure(facts.label.as_str(), error.code),
        _ => {}
    }
    problem::render(error, &facts.request_id)
}

/// Counts a sign-in that was not accepted.
pub(crate) fn count_sign_in_failure(route: &'static str, code: Code) {
    if matches!(
        code,
        Code::InvalidCredentials
            | Code::InvalidCode
            | Code::CeremonyRefused
            | Code::OauthStateRefused
            | Code::IdTokenRefused
            | Code::SignInBackoff
    ) {
        metrics::counter!("mainstay_sign_in_failures_total", "route" => route, "code" => code.as_str()).increment(1);
    }
}

fn finish(edge: &Edge, facts: &Facts, noted: &Noted, response: &mut HttpResponse) {
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(facts.request_id.as_str()) {
        headers.insert(X_REQUEST_ID, id);
    }
    cors::decorate(headers, &facts.origin);
    if let Some(counted) = noted.counted.get() {
        counted.decorate(headers);
    }
    edge.headers.apply(headers);
    let took = facts.started.elapsed();
    edge.meters.count(facts.label, facts.method, status.as_u16(), took);
    if facts.class() != Class::Unlimited || status >= StatusCode::INTERNAL_SERVER_ERROR {
        telemetry::log(&facts.request_id, facts.label, facts.method, status.as_u16(), took, noted.member_id.get());
    }
}
