//! Endpoints for outgoing events, and what became of each delivery (WHK-6).

use std::time::Duration;

use actix_web::{HttpResponse, delete, get, patch, post, web};
use mainstay_model::{OutgoingEventId, WebhookEndpointId, outgoing::DeliveryKey, page::PageRequest};
use mainstay_services::{
    events::{deliveries, endpoints},
    limits,
};
use secrecy::ExposeSecret;

use crate::{
    body::{Json, OptionalJson},
    extract::{Context, Id, Ids, Operator},
    problem::Problem,
    routes::{Answer, Registry, Server},
    views::{
        PageQuery, cursor,
        outgoing::{
            DeliveriesView, DeliveryDetailView, EndpointSecretMade, NewWebhookEndpoint, Resent,
            SecretRotation, TestSent, WebhookEndpointMade, WebhookEndpointPatch, WebhookEndpointView,
            WebhookEndpointsView,
        },
        page_limit,
    },
};

pub(super) fn configure(services: &mut impl Registry) {
    services
        .service(list_webhook_endpoints)
        .service(create_webhook_endpoint)
        .service(get_webhook_endpoint)
        .service(update_webhook_endpoint)
        .service(delete_webhook_endpoint)
        .service(rotate_webhook_endpoint_secret)
        .service(test_webhook_endpoint)
        .service(resend_set_aside_deliveries)
        .service(list_deliveries)
        .service(get_delivery)
        .service(resend_delivery);
}

/// Lists endpoints for outgoing events
#[utoipa::path(tag = "operator", responses((status = 200, description = "The endpoints", body = WebhookEndpointsView)))]
#[get("/v1/operator/webhook-endpoints")]
pub(crate) async fn list_webhook_endpoints(
    server: Server,
    _operator: Operator,
) -> Answer<WebhookEndpointsView> {
    Ok(web::Json(endpoints::list(&server.app).await?.into()))
}

/// Makes an endpoint, and shows its secret this once
#[utoipa::path(tag = "operator", responses((status = 201, description = "The endpoint", body = WebhookEndpointMade)))]
#[post("/v1/operator/webhook-endpoints")]
pub(crate) async fn create_webhook_endpoint(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Json(new): Json<NewWebhookEndpoint>,
) -> Result<HttpResponse, Problem> {
    let actor = operator.0.actor();
    let (endpoint, secret) = endpoints::create(&server.app, &context, &actor, &new.parsed()?).await?;
    let view = WebhookEndpointMade { endpoint: endpoint.into(), secret: secret.expose_secret().to_owned() };
    Ok(HttpResponse::Created().json(view))
}

/// Reads an endpoint
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path)),
    responses((status = 200, description = "The endpoint", body = WebhookEndpointView))
)]
#[get("/v1/operator/webhook-endpoints/{webhook_endpoint_id}")]
pub(crate) async fn get_webhook_endpoint(
    server: Server,
    _operator: Operator,
    Id(id): Id<WebhookEndpointId>,
) -> Answer<WebhookEndpointView> {
    Ok(web::Json(endpoints::get(&server.app, id).await?.into()))
}

/// Changes, disables or enables an endpoint
///
/// What is left out stays.
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path)),
    responses((status = 200, description = "The endpoint", body = WebhookEndpointView))
)]
#[patch("/v1/operator/webhook-endpoints/{webhook_endpoint_id}")]
pub(crate) async fn update_webhook_endpoint(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<WebhookEndpointId>,
    Json(change): Json<WebhookEndpointPatch>,
) -> Answer<WebhookEndpointView> {
    let actor = operator.0.actor();
    let endpoint = endpoints::update(&server.app, &context, &actor, id, &change.parsed()?).await?;
    Ok(web::Json(endpoint.into()))
}

/// Removes an endpoint with its delivery log
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path)),
    responses((status = 204, description = "Removed"))
)]
#[delete("/v1/operator/webhook-endpoints/{webhook_endpoint_id}")]
pub(crate) async fn delete_webhook_endpoint(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    endpoints::delete(&server.app, &context, &operator.0.actor(), id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a new secret for an endpoint, and shows it this once
///
/// The new one signs at once; the ones before go on signing beside it for a while.
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path)),
    request_body = Option<SecretRotation>,
    responses((status = 201, description = "The secret", body = EndpointSecretMade))
)]
#[post("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/secret")]
pub(crate) async fn rotate_webhook_endpoint_secret(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<WebhookEndpointId>,
    OptionalJson(rotation): OptionalJson<SecretRotation>,
) -> Result<HttpResponse, Problem> {
    let overlap = rotation
        .and_then(|rotation| rotation.overlap_seconds)
        .map_or(limits::ENDPOINT_SECRET_OVERLAP, |seconds| Duration::from_secs(seconds.into()));
    let actor = operator.0.actor();
    let secret = endpoints::rotate_secret(&server.app, &context, &actor, id, overlap).await?;
    Ok(HttpResponse::Created().json(EndpointSecretMade { secret: secret.expose_secret().to_owned() }))
}

/// Sends one test event to an endpoint
///
/// It is tried once; the delivery log tells what became of it.
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path)),
    responses((status = 202, description = "It is on its way", body = TestSent))
)]
#[post("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/test")]
pub(crate) async fn test_webhook_endpoint(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    let event_id = deliveries::send_test(&server.app, &context, &operator.0.actor(), id).await?;
    Ok(HttpResponse::Accepted().json(TestSent { event_id: event_id.uuid() }))
}

/// Sends everything again that an endpoint did not take
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path)),
    responses((status = 202, description = "It is on its way", body = Resent))
)]
#[post("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/resend")]
pub(crate) async fn resend_set_aside_deliveries(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<WebhookEndpointId>,
) -> Result<HttpResponse, Problem> {
    let actor = operator.0.actor();
    let deliveries = deliveries::resend_set_aside(&server.app, &context, &actor, id).await?;
    Ok(HttpResponse::Accepted().json(Resent { deliveries }))
}

/// Lists an endpoint's deliveries, newest event first
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path), PageQuery),
    responses((status = 200, description = "One page", body = DeliveriesView))
)]
#[get("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/deliveries")]
pub(crate) async fn list_deliveries(
    server: Server,
    _operator: Operator,
    Id(id): Id<WebhookEndpointId>,
    page: web::Query<PageQuery>,
) -> Answer<DeliveriesView> {
    let request = PageRequest { limit: page_limit(page.limit)?, before: cursor(page.cursor.as_deref())? };
    Ok(web::Json(deliveries::list(&server.app, id, request).await?.into()))
}

/// Reads a delivery with its attempts
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path), ("event_id" = Uuid, Path)),
    responses((status = 200, description = "The delivery", body = DeliveryDetailView))
)]
#[get("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/deliveries/{event_id}")]
pub(crate) async fn get_delivery(
    server: Server,
    _operator: Operator,
    Ids(endpoint_id, event_id): Ids<WebhookEndpointId, OutgoingEventId>,
) -> Answer<DeliveryDetailView> {
    Ok(web::Json(deliveries::get(&server.app, DeliveryKey { endpoint_id, event_id }).await?.into()))
}

/// Sends an event again
#[utoipa::path(
    tag = "operator",
    params(("webhook_endpoint_id" = Uuid, Path), ("event_id" = Uuid, Path)),
    responses((status = 202, description = "It is on its way"))
)]
#[post("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/deliveries/{event_id}/resend")]
pub(crate) async fn resend_delivery(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Ids(endpoint_id, event_id): Ids<WebhookEndpointId, OutgoingEventId>,
) -> Result<HttpResponse, Problem> {
    let key = DeliveryKey { endpoint_id, event_id };
    deliveries::resend(&server.app, &context, &operator.0.actor(), key).await?;
    Ok(HttpResponse::Accepted().finish())
}
