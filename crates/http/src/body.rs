//! Bodies, within the bounds of their route: size, time, type, depth.

use std::{pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use bytes::BytesMut;
use futures::StreamExt;
use mainstay_services::{
    Code, Error, json,
    sabotage::{self, Guard},
    wallet::IdempotencyKey,
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{extract::Visit, problem::Problem, security::limits, state::Edge};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

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

/// A JSON body of a request that happens once, with the key that its client made for it.
pub(crate) struct Once<T> {
    pub(crate) key: IdempotencyKey,
    pub(crate) body: T,
}

impl<T: DeserializeOwned + 'static> FromRequest for Once<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            require_type(&request, "application/json")?;
            let bytes = read_body(&request, payload).await?;
            let mut headers = request.headers().get_all(IDEMPOTENCY_KEY);
            let header = headers.next().map(|value| value.to_str().unwrap_or("\u{0}"));
            if headers.next().is_some() {
                return Err(Error::new(Code::InvalidRequest, "Send one Idempotency-Key.").into());
            }
            let key = IdempotencyKey::new(header, request.method().as_str(), request.path(), &bytes)?;
            Ok(Self { key, body: parse(&bytes)? })
        })
    }
}

/// A JSON body as it came, byte for byte, within the route's bounds.
pub(crate) struct RawJson(pub(crate) Vec<u8>);

impl FromRequest for RawJson {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            require_type(&request, "application/json")?;
            Ok(Self(read_body(&request, payload).await?.into()))
        })
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if json::is_too_deep(bytes, limits::JSON_DEPTH_MAX) {
        let most = limits::JSON_DEPTH_MAX;
        return Err(
            Error::field("body", "too_deep", format!("is nested more than {most} levels deep")).into()
        );
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
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let is_plain = !request.headers().contains_key(header::CONTENT_ENCODING);
    if (essence.eq_ignore_ascii_case(wanted) || sabotage::is_off(Guard::ContentType))
        && (is_plain || sabotage::is_off(Guard::ContentEncoding))
    {
        return Ok(());
    }
    Err(Error::new(Code::UnsupportedMediaType, format!("Send {wanted}, not compressed.")).into())
}

async fn read_body(request: &HttpRequest, mut payload: Payload) -> Result<BytesMut, Problem> {
    let most = request.extensions().get::<Visit>().map_or(0, |visit| visit.route.body_bytes_max);
    let patience = match request.app_data::<web::Data<Edge>>() {
        _ if sabotage::is_off(Guard::BodyTimeout) => Duration::MAX,
        Some(edge) => edge.settings.body_timeout,
        None => Duration::ZERO,
    };
    let most = if sabotage::is_off(Guard::BodyLimit) { usize::MAX } else { most };
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
