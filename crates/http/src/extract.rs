//! What handlers ask for: who calls, and the ids of the path. An extractor either hands over something that may be used as
//! it is, or refuses the request.

use std::{
    future::{Ready, ready},
    net::IpAddr,
    str::FromStr,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web,
};
use mainstay_model::{service_key::ServiceKey, session::Posture};
use mainstay_services::{Caller, Error, RequestContext};

use crate::{
    access::Route,
    cookies::cookie,
    problem::Problem,
    security::{authentication::Identity, limits::KNOWN_BROWSER_BYTES_MAX},
    state::Edge,
};

/// What the edge found out about a request before any handler saw it.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) request_id: String,
    pub(crate) client: Option<IpAddr>,
    pub(crate) route: &'static Route,
    pub(crate) identity: Identity,
    pub(crate) posture: Posture,
}

/// The route's row admits others than its handler wants: a fault of ours, and closed.
fn misplaced() -> Problem {
    Error::internal("the handler's extractor does not fit the route's row").into()
}

fn with_visit<T>(request: &HttpRequest, take: impl FnOnce(&Visit) -> Option<T>) -> Ready<Result<T, Problem>> {
    ready(request.extensions().get::<Visit>().and_then(take).ok_or_else(misplaced))
}

/// The circumstances of the request, for use cases.
pub(crate) struct Context(pub(crate) RequestContext);

impl FromRequest for Context {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let agent = agent(request.headers());
        let known_browser = request
            .app_data::<web::Data<Edge>>()
            .and_then(|edge| cookie(request.headers(), edge.cookies.known))
            .filter(|mark| mark.len() <= KNOWN_BROWSER_BYTES_MAX)
            .map(str::to_owned);
        with_visit(request, |visit| {
            Some(Self(RequestContext {
                request_id: visit.request_id.clone(),
                ip: visit.client,
                agent,
                posture: visit.posture,
                known_browser,
            }))
        })
    }
}

fn agent(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().take(mainstay_services::limits::USER_AGENT_BYTES_MAX).collect()
}

/// A member who is signed in.
pub(crate) struct SignedInMember {
    pub(crate) caller: Caller,
    /// Whether a cookie said so, and not a bearer token.
    pub(crate) by_cookie: bool,
}

impl FromRequest for SignedInMember {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        with_visit(request, |visit| match &visit.identity {
            Identity::Member { caller, by_cookie } => {
                Some(Self { caller: caller.clone(), by_cookie: *by_cookie })
            }
            Identity::Anonymous | Identity::Service(_) => None,
        })
    }
}

/// A member, if one is signed in.
pub(crate) struct MaybeMember(pub(crate) Option<Caller>);

impl FromRequest for MaybeMember {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        with_visit(request, |visit| match &visit.identity {
            Identity::Member { caller, .. } => Some(Self(Some(caller.clone()))),
            Identity::Anonymous => Some(Self(None)),
            Identity::Service(_) => None,
        })
    }
}

/// An operator.
pub(crate) struct Operator(pub(crate) Caller);

impl FromRequest for Operator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        with_visit(request, |visit| match &visit.identity {
            Identity::Member { caller, .. } if caller.require_operator().is_ok() => {
                Some(Self(caller.clone()))
            }
            _ => None,
        })
    }
}

/// A service whose key has the route's scope.
pub(crate) struct ServiceCaller(pub(crate) Arc<ServiceKey>);

impl FromRequest for ServiceCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        with_visit(request, |visit| match &visit.identity {
            Identity::Service(key) => Some(Self(Arc::clone(key))),
            Identity::Anonymous | Identity::Member { .. } => None,
        })
    }
}

/// The id in the path. What is no id names nothing that exists.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_id(request, 0).map(Self))
    }
}

/// The two ids in the path.
pub(crate) struct Ids<A, B>(pub(crate) A, pub(crate) B);

impl<A: FromStr, B: FromStr> FromRequest for Ids<A, B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_id(request, 0).and_then(|a| path_id(request, 1).map(|b| Self(a, b))))
    }
}

fn path_id<T: FromStr>(request: &HttpRequest, place: usize) -> Result<T, Problem> {
    let value = request.match_info().iter().nth(place).and_then(|(_, text)| text.parse().ok());
    value.ok_or_else(|| Error::not_found().into())
}
