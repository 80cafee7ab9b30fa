//! The tables that the generated documents are made of.

use mainstay_services::ports::Quota;

use crate::{
    access::ROUTES,
    openapi::codes,
    security::{limits, rate_limit::Class},
    settings::{HttpSettings, RateLimits},
};

/// One row of the access table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Its path with `{parameters}`.
    pub path: &'static str,
    /// Who may call it.
    pub access: String,
    /// Whose quota it counts against.
    pub rate_limit: &'static str,
    /// What must be switched on.
    pub capability: Option<&'static str>,
    /// Its largest body, in bytes.
    pub body_bytes_max: usize,
}

/// Who may call what.
#[must_use]
pub fn access_table() -> Vec<AccessRow> {
    ROUTES
        .iter()
        .map(|route| AccessRow {
            method: route.method,
            path: route.path,
            access: route.access.describe(),
            rate_limit: route.class.as_str(),
            capability: route.capability.map(|capability| capability.as_str()),
            body_bytes_max: route.body_bytes_max,
        })
        .collect()
}

/// One row of the error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// The stable word.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it means in general.
    pub title: &'static str,
}

/// Every code that a client can meet.
#[must_use]
pub fn error_table() -> Vec<ErrorRow> {
    codes().map(|(code, status, title)| ErrorRow { code, status, title }).collect()
}

/// One row of the limits table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRow {
    /// What is bounded.
    pub name: String,
    /// The bound with its unit.
    pub value: String,
    /// What happens beyond it.
    pub beyond: &'static str,
}

/// The bounds of the edge.
#[must_use]
pub fn limit_table() -> Vec<LimitRow> {
    let row = |name: &str, value: String, beyond| LimitRow { name: name.to_owned(), value, beyond };
    let settings = HttpSettings::dev(([127, 0, 0, 1], 0).into());
    let seconds = |time: std::time::Duration| format!("{} s", time.as_secs());
    let mut rows = vec![
        row("JSON body", format!("{} bytes", limits::JSON_BODY_BYTES_MAX), "413 payload_too_large"),
        row("body of a note", format!("{} bytes", limits::NOTE_BODY_BYTES_MAX), "413 payload_too_large"),
        row("webhook", format!("{} bytes", limits::WEBHOOK_BODY_BYTES_MAX), "413 payload_too_large"),
        row("Apple's form post", format!("{} bytes", limits::FORM_BODY_BYTES_MAX), "413 payload_too_large"),
        row(
            "body that a route does not read",
            format!("{} bytes", limits::UNREAD_BODY_BYTES_MAX),
            "413 payload_too_large",
        ),
        row("JSON nesting", format!("{} levels", limits::JSON_DEPTH_MAX), "422 validation_failed"),
        row("path and query", format!("{} bytes", limits::URI_BYTES_MAX), "400 invalid_request"),
        row("time to send headers", seconds(settings.header_timeout), "408"),
        row("time to send a body", seconds(settings.body_timeout), "408 request_timeout"),
        row("connections", settings.connections_max.to_string(), "wait to be accepted"),
        row("answer of the shared rate limiter", seconds(limits::LIMITER_TIMEOUT), "it counts as lost"),
    ];
    let quotas = RateLimits::default();
    for (class, limits) in [
        (Class::Auth, quotas.auth),
        (Class::Read, quotas.read),
        (Class::Write, quotas.write),
        (Class::Public, quotas.public),
        (Class::Webhook, quotas.webhook),
    ] {
        let per = |quota: Quota| format!("{} in {} s", quota.limit, quota.window.as_secs());
        rows.push(row(
            &format!("{} requests of an address", class.as_str()),
            per(limits.address),
            "429 rate_limited",
        ));
        rows.push(row(
            &format!("{} requests of a member", class.as_str()),
            per(limits.account),
            "429 rate_limited",
        ));
    }
    rows
}
