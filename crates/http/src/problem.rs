//! Refusals as RFC 9457 problems: one stable code each, one table of statuses, and nothing from inside.

use std::{error::Error as _, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    error::{PathError, QueryPayloadError},
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use mainstay_services::{
    Code, Error,
    sabotage::{self, Guard},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::security::rate_limit::seconds_up;

/// Its media type (RFC 9457, 3).
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The status of each code.
#[must_use]
pub(crate) const fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest | Code::MalformedJson | Code::IdempotencyKeyRequired | Code::EventOutOfTime => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated
        | Code::SessionEnded
        | Code::InvalidToken
        | Code::RefreshReused
        | Code::InvalidCredentials
        | Code::InvalidCode
        | Code::CeremonyRefused
        | Code::OauthStateRefused
        | Code::IdTokenRefused
        | Code::AccessDenied
        | Code::SignatureRefused => StatusCode::UNAUTHORIZED,
        Code::Forbidden
        | Code::CsrfRefused
        | Code::OriginRefused
        | Code::RecentSignInRequired
        | Code::BearerNotForBrowsers
        | Code::EventOfOtherMode => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::Conflict
        | Code::LastWayIn
        | Code::IdentityTaken
        | Code::AccountExists
        | Code::EventChanged
        | Code::InsufficientPoints
        | Code::PriceChanged => StatusCode::CONFLICT,
        Code::EventBodyRemoved => StatusCode::GONE,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::ValidationFailed | Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited | Code::SignInBackoff => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::CapabilityUnavailable | Code::DependencyUnavailable | Code::OutcomeUnknown => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// What is wrong with a request, or with us (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemView<'a> {
    /// `urn:mainstay:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means in general.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened here, for people.
    detail: &'a str,
    /// The stable word that clients decide by.
    code: &'static str,
    /// Names the request in our logs.
    request_id: &'a str,
    /// The values that were not taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem<'a>>,
    /// The capability that is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    capability: Option<&'static str>,
    /// Why it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'a str>,
    /// Points that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    has: Option<i64>,
    /// Points that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    needs: Option<i64>,
    /// When it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_seconds: Option<u64>,
}

/// One value that was not taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldProblem<'a> {
    /// Its name in the request, dotted for nested ones.
    field: &'a str,
    /// A stable word.
    code: &'static str,
    /// A sentence for people.
    detail: &'a str,
}

/// A refusal on its way out of a handler or an extractor.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) error: Box<Error>,
    /// Whether the browser's session cookies are of no more use.
    pub(crate) clears_session: bool,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error: Box::new(error), clears_session: false }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error.code.as_str())
    }
}

/// The edge writes the body, since only it knows the request's id.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.error.code)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// Writes a refusal.
pub(crate) fn render(error: &Error, request_id: &str) -> HttpResponse {
    let status = status(error.code);
    let retry_after_seconds = error.retry_after.map(|after| seconds_up(after).max(1));
    let mut detail = error.detail.clone();
    if sabotage::is_off(Guard::ProblemDetails) {
        detail = format!("{detail} at {}:{}: {error:?}", file!(), line!()).into();
    }
    let view = ProblemView {
        kind: format!("urn:mainstay:problem:{}", error.code.as_str()),
        title: error.code.title(),
        status: status.as_u16(),
        detail: &detail,
        code: error.code.as_str(),
        request_id,
        errors: error
            .fields
            .iter()
            .map(|fault| FieldProblem { field: &fault.field, code: fault.code, detail: &fault.detail })
            .collect(),
        capability: error.capability.as_ref().map(|off| off.0.as_str()),
        reason: error.capability.as_ref().map(|off| off.1.as_ref()),
        has: error.points.map(|(has, _)| has),
        needs: error.points.map(|(_, needs)| needs),
        retry_after_seconds,
    };
    let body = serde_json::to_vec(&view).unwrap_or_default();
    let mut response = HttpResponse::build(status).content_type(MEDIA_TYPE).body(body);
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = match error.code {
            Code::InvalidToken | Code::SessionEnded => "Bearer error=\"invalid_token\"",
            _ => "Bearer",
        };
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

/// A refusal by the framework, in our words. Its own message may repeat what the client sent, so it is left out.
pub(crate) fn from_framework(error: &actix_web::Error) -> Error {
    if error.as_error::<PathError>().is_some() {
        return Error::not_found();
    }
    if error.as_error::<QueryPayloadError>().is_some() {
        return Error::new(
            Code::InvalidRequest,
            "A query parameter is missing, unknown in its form, or repeated.",
        );
    }
    match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND => Error::not_found(),
        StatusCode::PAYLOAD_TOO_LARGE => {
            Error::new(Code::PayloadTooLarge, "The body is larger than this route takes.")
        }
        status if status.is_client_error() => {
            Error::new(Code::InvalidRequest, "The request could not be read.")
        }
        _ => Error::internal(error.to_string()),
    }
}

/// Logs a failure that is ours; what callers did wrong is theirs to know.
pub(crate) fn log_if_ours(error: &Error, route: &'static str) {
    if error.is_ours() {
        tracing::error!(code = error.code.as_str(), route, cause = causes(error), "http.failed");
    }
}

/// All that led to a refusal, for the log.
fn causes(error: &Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_9_a_cause_is_for_the_log_and_not_for_the_answer() {
        let error = Error::internal("SELECT secret FROM table");
        assert_eq!(causes(&error), "SELECT secret FROM table");
        let view = serde_json::to_string(&error.detail).expect("JSON");
        assert!(!view.contains("SELECT"));
    }

    #[test]
    fn sec_9_every_code_is_a_word_of_its_own() {
        let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| status(*code).as_u16() >= 400));
    }
}
