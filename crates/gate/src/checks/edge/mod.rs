//! The HTTP edge: origins, headers, forged requests, limits.

mod answers;
mod bearer_not_for_browsers;
mod content_policy;
mod cookies;
mod csrf_origin;
mod csrf_token;
mod foreign_origin;
mod method_override;
mod own_origin;
mod personal_answers;
mod quota;
mod rules;
mod safe_methods;
mod security_headers;
mod simple_requests;
mod transport_security;
mod writes;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
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
];
