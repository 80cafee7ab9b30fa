//! The HTTP edge: origins, headers, forged requests, limits.

mod answers;
mod bearer_not_for_browsers;
mod content_policy;
mod cookies;
mod foreign_origin;
mod own_origin;
mod personal_answers;
mod quota;
mod rules;
mod security_headers;
mod transport_security;

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
];
