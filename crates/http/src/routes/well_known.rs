//! What other parties look for at fixed places.

use actix_web::{HttpRequest, HttpResponse, get};
use mainstay_services::sessions::keys;

use crate::{
    document::Document,
    routes::{Registry, Server},
    security::limits::PUBLIC_MAX_AGE,
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(get_jwks);
}

/// The keys that verify access tokens (RFC 7517)
#[utoipa::path(tag = "configuration", responses((status = 200, description = "The key set", body = Object)))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn get_jwks(server: Server, request: HttpRequest) -> HttpResponse {
    let set = serde_json::to_vec(&keys::jwks(&server.app)).unwrap_or_default();
    let cache = format!("public, max-age={}", PUBLIC_MAX_AGE.as_secs());
    Document::new("application/jwk-set+json", &cache, set).answer(&request)
}
