//! The one middleware: every request walks through these steps in this order, and every answer gets its headers here.
//!
//! id → client address → row of the table → origin → size → rate limit by address → capability → who → rate limit by account →
//! CSRF token → handler. A refusal or a panic anywhere ends as a problem with all headers.

mod admit;
mod facts;
mod refuse;
mod unread;

use std::{
    future::{Ready, ready},
    panic::AssertUnwindSafe,
    rc::Rc,
    sync::Arc,
};

use actix_web::{
    Error as FrameworkError, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    error::InternalError,
    http::header::{self, HeaderValue},
};
use futures::{FutureExt, future::LocalBoxFuture};
use mainstay_services::{Code, Error, ports::in_request, sabotage};
use tracing::Instrument;

use self::{
    admit::admit,
    facts::{Facts, Noted},
    refuse::{refusal, refuse},
};
pub(crate) use self::{admit::refuse_browser, refuse::count_sign_in_failure};
use crate::{
    route_table::Found,
    security::{
        cors::{self, Origin},
        rate_limit::Class,
        request_id::X_REQUEST_ID,
    },
    state::Edge,
    telemetry,
};

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
    // At the level of errors, so that no filter that lets a line of the request through takes its id away.
    let span = tracing::error_span!("request", request_id = facts.request_id);
    let walk = walk(&edge, &*service, request, &facts, &noted).instrument(span.clone());
    let walk = in_request(facts.request_id.clone(), walk);
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
            // Without its words: a slicing panic, for one, repeats the text that it was about.
            drop(panic);
            let response = refuse(&edge, &facts, &Error::internal("a handler panicked"));
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
    mut request: ServiceRequest,
    facts: &Facts,
    noted: &Noted,
) -> Result<ServiceResponse<BoxBody>, FrameworkError>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = FrameworkError>,
{
    if facts.is_preflight {
        let response = preflight(edge, facts);
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
            let mut response = refuse(edge, facts, &error);
            if let (Found::OtherMethods(allow), Code::MethodNotAllowed) = (&facts.found, error.code)
                && let Ok(allow) = HeaderValue::try_from(allow)
            {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            let response = unread::end_with(&mut request, response);
            Ok(request.into_response(response))
        }
    }
}

fn preflight(edge: &Edge, facts: &Facts) -> HttpResponse {
    match facts.origin {
        Origin::Ours(_) => {
            let mut response = HttpResponse::NoContent().finish();
            cors::decorate_preflight(response.headers_mut());
            response
        }
        Origin::Absent | Origin::Foreign => {
            refuse(edge, facts, &Error::new(Code::OriginRefused, "Pages of this origin may not call here."))
        }
    }
}

fn finish(edge: &Edge, facts: &Facts, noted: &Noted, response: &mut HttpResponse) {
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(facts.request_id.as_str())
        && !sabotage::is_off(sabotage::Guard::RequestId)
    {
        headers.insert(X_REQUEST_ID, id);
    }
    cors::decorate(headers, &facts.origin);
    if let Some(counted) = noted.counted.get() {
        counted.decorate(headers);
    }
    edge.headers.apply(headers);
    let took = facts.started.elapsed();
    edge.meters.count(facts.label, facts.method, status.as_u16(), took);
    let is_quiet = facts.class() == Class::Unlimited && !status.is_server_error();
    telemetry::log(facts.label, facts.method, status.as_u16(), took, noted.member_id.get(), is_quiet);
}
