//! Who may do what, to which things: function-level, object-level and field-level access, driven by the OpenAPI document.

mod anonymous;
mod described;
mod extra_fields;
mod inner_targets;
mod operator_routes;
mod other_tenants;
mod others_things;
mod passkey;
mod resources;
mod service_routes;
mod tenant_roles;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &others_things::CHECK,
    &anonymous::CHECK,
    &operator_routes::CHECK,
    &inner_targets::CHECK,
    &service_routes::CHECK,
    &tenant_roles::CHECK,
    &other_tenants::CHECK,
    &extra_fields::CHECK,
    &described::CHECK,
];
