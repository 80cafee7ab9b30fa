//! The handlers, in files that mirror their paths. A handler reads what its extractors made of the request, calls one use case,
//! and makes a view of what comes back.

pub(crate) mod auth;
pub(crate) mod config;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod me;
pub(crate) mod notes;
pub(crate) mod operator;
pub(crate) mod redemptions;
mod registry;
pub(crate) mod service;
pub(crate) mod studio;
pub(crate) mod tenants;
pub(crate) mod wallet;
pub(crate) mod webhooks;
pub(crate) mod well_known;

use actix_web::web;

pub(crate) use self::registry::Registry;
use crate::{problem::Problem, state::Edge};

/// What handlers get of the server.
pub(crate) type Server = web::Data<Edge>;
/// What most handlers answer.
pub(crate) type Answer<T> = Result<web::Json<T>, Problem>;

/// Registers every handler, and with it its description. The busiest come first: the router tries them in order.
pub(crate) fn configure(services: &mut impl Registry) {
    notes::configure(services);
    wallet::configure(services);
    webhooks::configure(services);
    service::configure(services);
    redemptions::configure(services);
    auth::configure(services);
    me::configure(services);
    tenants::configure(services);
    health::configure(services);
    config::configure(services);
    well_known::configure(services);
    operator::configure(services);
    docs::configure(services);
}
