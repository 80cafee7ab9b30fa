//! The HTTP edge of Mainstay: routes, extractors, views, problems, and in `security/` everything that guards them.
//!
//! A request walks through one middleware (`edge`), whose steps are the small files of `security/`; its row in
//! `access::ROUTES` says who may call; its handler calls one use case of `mainstay_services`. Nothing here knows SQL.

pub mod access;
mod body;
mod cookies;
mod document;
mod edge;
mod extract;
mod openapi;
mod problem;
mod qr;
pub mod readiness;
pub mod reference;
mod route_table;
mod routes;
pub mod security;
mod server;
pub mod settings;
mod state;
mod statement_csv;
mod telemetry;
mod views;

pub use crate::{
    openapi::openapi,
    readiness::{Check, CheckState, Readiness},
    reference::{access_table, error_table, limit_table},
    security::{client_address::IpNetwork, rate_limit::Class},
    server::{Running, serve},
    settings::{ClassLimits, HttpSettings, RateLimits},
    state::MetricsHook,
};
