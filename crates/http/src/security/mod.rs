//! Everything that guards the edge. `edge` calls these in order; nothing here knows a use case.

pub(crate) mod authentication;
pub mod client_address;
pub(crate) mod cors;
pub(crate) mod csrf;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod local_buckets;
pub(crate) mod rate_limit;
pub(crate) mod request_id;
