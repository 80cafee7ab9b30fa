//! What guards the edge, seen from outside.

mod audit;
mod client_address;
mod cors;
mod csrf;
mod headers;
mod limits;
mod logging;
mod panics;
mod rate_limit;
