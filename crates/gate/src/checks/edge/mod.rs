//! The HTTP edge: origins, headers, forged requests, limits.

mod account_limit;
mod answers;
mod bearer_not_for_browsers;
mod body_limit;
mod client_address;
mod compressed_body;
mod content_policy;
mod cookies;
mod csrf_origin;
mod csrf_token;
mod field_limits;
mod foreign_origin;
mod header_injection;
mod header_limits;
mod ipv6_prefix;
mod json_depth;
mod limits;
mod method_override;
mod methods;
mod metrics_hidden;
mod own_origin;
mod personal_answers;
mod problem_form;
mod problems;
mod quota;
mod rate_limit;
mod request_id;
mod rules;
mod safe_methods;
mod security_headers;
mod sign_in_backoff;
mod simple_requests;
mod slow;
mod slow_body;
mod slow_headers;
mod smuggling;
#[cfg(test)]
mod toy;
mod transport_security;
mod unknown_paths;
mod unread_body;
mod writes;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    // These wait for time-outs: begun first, they wait beside the others.
    &slow_body::CHECK,
    &slow_headers::CHECK,
    &unread_body::CHECK,
    &security_headers::CHECK,
    &transport_security::CHECK,
    &content_policy::CHECK,
    &personal_answers::CHECK,
    &cookies::CHECK,
    &bearer_not_for_browsers::CHECK,
    &own_origin::CHECK,
    &foreign_origin::CHECK,
    &csrf_token::CHECK,
    &csrf_origin::CHECK,
    &simple_requests::CHECK,
    &method_override::CHECK,
    &safe_methods::CHECK,
    &problem_form::CHECK,
    &request_id::CHECK,
    &header_injection::CHECK,
    &unknown_paths::CHECK,
    &methods::CHECK,
    &metrics_hidden::CHECK,
    &body_limit::CHECK,
    &compressed_body::CHECK,
    &json_depth::CHECK,
    &field_limits::CHECK,
    &header_limits::CHECK,
    &smuggling::CHECK,
    &rate_limit::CHECK,
    &account_limit::CHECK,
    &client_address::CHECK,
    &ipv6_prefix::CHECK,
    &sign_in_backoff::CHECK,
];
