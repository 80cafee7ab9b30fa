//! Keys of a team's own back ends (IDN-10).

use actix_web::{HttpResponse, delete, get, post, web};
use mainstay_model::{ServiceKeyId, service_key::Scope};
use mainstay_services::service_keys;
use secrecy::ExposeSecret;

use crate::{
    body::Json,
    extract::{Context, Id, Operator},
    problem::Problem,
    routes::{Answer, Server},
    views::{
        operator::{NewServiceKey, ServiceKeyMade, ServiceKeysView},
        word,
    },
};

/// Lists service keys
#[utoipa::path(tag = "operator", responses((status = 200, description = "The keys", body = ServiceKeysView)))]
#[get("/v1/operator/service-keys")]
pub(crate) async fn list_service_keys(server: Server, _operator: Operator) -> Answer<ServiceKeysView> {
    let keys = service_keys::list(&server.app).await?;
    Ok(web::Json(ServiceKeysView { items: keys.into_iter().map(Into::into).collect() }))
}

/// Makes a service key, and shows it this once
#[utoipa::path(tag = "operator", responses((status = 201, description = "The key", body = ServiceKeyMade)))]
#[post("/v1/operator/service-keys")]
pub(crate) async fn create_service_key(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Json(new): Json<NewServiceKey>,
) -> Result<HttpResponse, Problem> {
    let scopes = new.scopes.iter().map(|scope| word("scopes", scope)).collect::<Result<Vec<Scope>, _>>()?;
    let actor = operator.0.actor();
    let (made, key) = service_keys::create(&server.app, &context, &actor, &new.name, &scopes).await?;
    let view = ServiceKeyMade { service_key: made.into(), key: key.expose_secret().to_owned() };
    Ok(HttpResponse::Created().json(view))
}

/// Revokes a service key
#[utoipa::path(
    tag = "operator",
    params(("service_key_id" = Uuid, Path)),
    responses((status = 204, description = "Revoked"))
)]
#[delete("/v1/operator/service-keys/{service_key_id}")]
pub(crate) async fn revoke_service_key(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<ServiceKeyId>,
) -> Result<HttpResponse, Problem> {
    service_keys::revoke(&server.app, &context, &operator.0.actor(), id).await?;
    Ok(HttpResponse::NoContent().finish())
}
