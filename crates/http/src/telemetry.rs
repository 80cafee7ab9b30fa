//! What is counted and logged of each request: its pattern, never its path; no query, no body, no personal data.

use std::{sync::OnceLock, time::Duration};

use actix_web::http::Method;
use mainstay_model::MemberId;
use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};

use crate::access::Route;

const UNMATCHED: &str = "unmatched";
const STUDIO: &str = "studio";

/// The statuses that are answered often enough to keep their counters at hand.
const STATUSES: [(u16, &str); 20] = [
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (204, "204"),
    (303, "303"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (413, "413"),
    (415, "415"),
    (422, "422"),
    (429, "429"),
    (500, "500"),
    (503, "503"),
    (504, "504"),
];

struct RouteMeters {
    seconds: Histogram,
    requests: [OnceLock<Counter>; STATUSES.len()],
}

/// The meters of one server. Made after the recorder was installed.
pub(crate) struct Meters {
    routes: Vec<RouteMeters>,
}

/// What a request is counted as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Label {
    Route { index: usize, route: &'static Route },
    Studio,
    Unmatched,
}

impl Label {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Route { route, .. } => route.path,
            Self::Studio => STUDIO,
            Self::Unmatched => UNMATCHED,
        }
    }
}

impl Meters {
    pub(crate) fn new(routes: &'static [Route]) -> Self {
        describe();
        let meters = |route: &Route| RouteMeters {
            seconds: histogram!("mainstay_http_request_seconds", "route" => route.path, "method" => route.method),
            requests: [const { OnceLock::new() }; STATUSES.len()],
        };
        Self { routes: routes.iter().map(meters).collect() }
    }

    /// Counts one answer.
    pub(crate) fn count(&self, label: Label, method: &'static str, status: u16, took: Duration) {
        let place = STATUSES.iter().position(|(known, _)| *known == status);
        match (label, place) {
            (Label::Route { index, route }, Some(place)) if route.method == method => {
                let meters = &self.routes[index];
                meters.seconds.record(took);
                meters.requests[place]
                    .get_or_init(|| requests(route.path, method, STATUSES[place].1.to_owned()))
                    .increment(1);
            }
            _ => {
                histogram!("mainstay_http_request_seconds", "route" => label.as_str(), "method" => method)
                    .record(took);
                requests(label.as_str(), method, status.to_string()).increment(1);
            }
        }
    }
}

fn requests(route: &'static str, method: &'static str, status: String) -> Counter {
    counter!("mainstay_http_requests_total", "route" => route, "method" => method, "status" => status)
}

/// The method as a label: a fixed set, since anybody can send any word.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// One line for each request, within its span, which has the id; probes and static files only at a finer level.
pub(crate) fn log(
    label: Label,
    method: &str,
    status: u16,
    took: Duration,
    member_id: Option<MemberId>,
    is_quiet: bool,
) {
    let (route, latency_us) = (label.as_str(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    let member_id = member_id.map(tracing::field::display);
    if is_quiet {
        tracing::debug!(target: "mainstay::access", route, method, status, latency_us, "http.request");
    } else {
        tracing::info!(
            target: "mainstay::access",
            route, method, status, latency_us, member_id,
            "http.request"
        );
    }
}

fn describe() {
    describe_counter!("mainstay_http_requests_total", "Answers by route pattern, method and status.");
    describe_histogram!(
        "mainstay_http_request_seconds",
        Unit::Seconds,
        "Time from the request's headers to the answer's."
    );
    describe_counter!(
        "mainstay_rate_limit_denials_total",
        "Requests that were refused because of a rate limit."
    );
    describe_counter!(
        "mainstay_rate_limiter_unavailable_total",
        "Requests that met a lost rate limiter: closed (refused) or local (counted in this process)."
    );
    describe_counter!(
        "mainstay_edge_refusals_total",
        "Requests refused for their origin or their CSRF token."
    );
    describe_counter!(
        "mainstay_sign_in_refusals_total",
        "Sign-ins that were not accepted, by route and code."
    );
    describe_counter!("mainstay_panics_total", "Panics that were contained, by where they happened.");
}
