//! Refusals on their way out: written, counted, and logged when the fault is ours. The one place where errors are logged.

use actix_web::{Error as FrameworkError, HttpResponse, http::header};
use mainstay_services::{Code, Error, refusals};

use crate::{
    edge::facts::Facts,
    problem::{self, Problem},
    security::rate_limit::Class,
    state::Edge,
};

/// What a handler or the framework refused with.
pub(super) fn refusal(facts: &Facts, error: &FrameworkError, edge: &Edge) -> HttpResponse {
    let Some(problem) = error.as_error::<Problem>() else {
        return refuse(edge, facts, &problem::from_framework(error));
    };
    let mut response = refuse(edge, facts, &problem.error);
    if problem.clears_session {
        for cookie in edge.cookies.clear_session() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Writes a refusal.
pub(super) fn refuse(edge: &Edge, facts: &Facts, error: &Error) -> HttpResponse {
    let code = error.code.as_str();
    problem::log_if_ours(error, facts.label.as_str());
    match error.code {
        Code::CsrfRefused | Code::OriginRefused | Code::BearerNotForBrowsers => {
            metrics::counter!("mainstay_edge_refusals_total", "code" => code).increment(1);
        }
        _ if facts.class() == Class::Auth => count_sign_in_failure(facts.label.as_str(), error.code),
        _ => {}
    }
    if is_audited(error.code, facts.class()) {
        refusals::note(&edge.app, error.code, facts.label.as_str(), facts.client, &facts.request_id);
    }
    problem::render(error, &facts.request_id)
}

/// What belongs into the trail although no use case saw it. The refusals of the use cases write their own events.
fn is_audited(code: Code, class: Class) -> bool {
    match code {
        Code::CsrfRefused | Code::OriginRefused | Code::BearerNotForBrowsers => true,
        Code::RateLimited | Code::SignInBackoff => class == Class::Auth,
        _ => false,
    }
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
        metrics::counter!("mainstay_sign_in_refusals_total", "route" => route, "code" => code.as_str())
            .increment(1);
    }
}
