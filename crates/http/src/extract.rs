//! What handlers ask for: who calls, the ids of the path, the body. An extractor either hands over something that may be used as
//! it is, or refuses the request.

use std::{
    future::{Ready, ready},
    net::IpAddr,
    pin::Pin,
    str::FromStr,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web,
};
use bytes::BytesMut;
use futures::StreamExt;
use mainstay_model::{service_key::ServiceKey, session::Posture};
use mainstay_services::{Caller, Code, Error, RequestContext};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{
    access::Route,
    problem::Problem,
    security::{authentication::Identity, limits},
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
        with_visit(request, |visit| {
            Some(Self(RequestContext {
                request_id: visit.request_id.clone(),
                ip: visit.client,
                agent,
                posture: visit.posture,
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
            Identity::Member { caller, by_cookie } => Some(Self { caller: caller.clone(), by_cookie: *by_cookie }),
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
            Identity::Member { caller, .. } if caller.require_operator().is_ok() => Some(Self(caller.clone())),
            _ => None,
        })
    }
}

/// A service whose key has the route's scope.
pub(crate) struct ServiceCaller(#[expect(dead_code, reason = "having one is the proof")] pub(crate) ServiceKey);

impl FromRequest for ServiceCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        with_visit(request, |visit| match &visit.identity {
            Identity::Service(key) => Some(Self(key.clone())),
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

/// A JSON body within the route's bounds. Fields that are not known are ignored.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            require_type(&request, "application/json")?;
            parse(&read_body(&request, payload).await?).map(Self)
        })
    }
}

/// The same, where a request without a body is fine too.
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_body(&request, payload).await?;
            if bytes.is_empty() {
                return Ok(Self(None));
            }
            require_type(&request, "application/json")?;
            parse(&bytes).map(|value| Self(Some(value)))
        })
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if limits::is_too_deep(bytes) {
        let most = limits::JSON_DEPTH_MAX;
        return Err(Error::field("body", "too_deep", format!("is nested more than {most} levels deep")).into());
    }
    serde_json::from_slice(bytes).map_err(|error| malformed(&error).into())
}

/// A form body (`application/x-www-form-urlencoded`) within the route's bounds.
pub(crate) struct FormBody(pub(crate) Vec<(String, String)>);

impl FromRequest for FormBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            require_type(&request, "application/x-www-form-urlencoded")?;
            let bytes = read_body(&request, payload).await?;
            Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
        })
    }
}

impl FormBody {
    /// The first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn require_type(request: &HttpRequest, wanted: &str) -> Result<(), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) && !request.headers().contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    Err(Error::new(Code::UnsupportedMediaType, format!("Send {wanted}, not compressed.")).into())
}

async fn read_body(request: &HttpRequest, mut payload: Payload) -> Result<BytesMut, Problem> {
    let most = request.extensions().get::<Visit>().map_or(0, |visit| visit.route.body_bytes_max);
    let patience = request.app_data::<web::Data<Edge>>().map_or_else(Default::default, |edge| edge.settings.body_timeout);
    let mut bytes = BytesMut::new();
    let reading = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Error::new(Code::InvalidRequest, "The body broke off."))?;
            if bytes.len() + chunk.len() > most {
                return Err(too_large(most));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(())
    };
    match timeout(patience, reading).await {
        Ok(outcome) => outcome?,
        Err(_) => return Err(Error::new(Code::RequestTimeout, "The body did not arrive in time.").into()),
    }
    Ok(bytes)
}

pub(crate) fn too_large(most: usize) -> Error {
    Error::new(Code::PayloadTooLarge, format!("The body may have at most {most} bytes here."))
}

/// Where it broke, and at most the name of a field: values are the client's and are not repeated.
fn malformed(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    let detail = match text.split(" at line ").next() {
        Some(what) if what.starts_with("missing field `") => format!("{what} ({place})"),
        _ if error.is_data() => format!("A value has the wrong type ({place})"),
        _ => format!("It breaks off or is no JSON ({place})"),
    };
    Error::new(Code::MalformedJson, detail)
}
