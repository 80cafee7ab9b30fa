//! Offers of merchants.

use actix_web::{HttpResponse, get, patch, post, web};
use mainstay_model::{MerchantId, OfferId};
use mainstay_services::merchants;

use crate::{
    body::Json,
    extract::{Context, Id, Operator},
    problem::Problem,
    routes::{Answer, Registry, Server, redemptions::page},
    views::{
        PageQuery,
        offer::{NewOfferBody, OfferChange, OfferView, OffersView},
    },
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(list_offers).service(create_offer).service(get_offer).service(update_offer);
}

/// Lists a merchant's offers, newest first
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path), PageQuery),
    responses((status = 200, description = "One page", body = OffersView))
)]
#[get("/v1/operator/merchants/{merchant_id}/offers")]
pub(crate) async fn list_offers(
    server: Server,
    _operator: Operator,
    Id(id): Id<MerchantId>,
    query: web::Query<PageQuery>,
) -> Answer<OffersView> {
    Ok(web::Json(merchants::offers(&server.app, id, page(&query)?).await?.into()))
}

/// Makes an offer
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path)),
    responses((status = 201, description = "The offer", body = OfferView))
)]
#[post("/v1/operator/merchants/{merchant_id}/offers")]
pub(crate) async fn create_offer(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Id(id): Id<MerchantId>,
    Json(new): Json<NewOfferBody>,
) -> Result<HttpResponse, Problem> {
    let offer = merchants::create_offer(&server.app, &ctx, &caller.actor(), id, new.offer()?).await?;
    Ok(HttpResponse::Created().json(OfferView::from(offer)))
}

/// Reads an offer
#[utoipa::path(
    tag = "operator",
    params(("offer_id" = Uuid, Path)),
    responses((status = 200, description = "The offer", body = OfferView))
)]
#[get("/v1/operator/offers/{offer_id}")]
pub(crate) async fn get_offer(server: Server, _operator: Operator, Id(id): Id<OfferId>) -> Answer<OfferView> {
    Ok(web::Json(merchants::offer(&server.app, id).await?.into()))
}

/// Changes an offer
///
/// What is left out stays, `null` lifts a bound. Redemptions of before keep their title and their points.
#[utoipa::path(
    tag = "operator",
    params(("offer_id" = Uuid, Path)),
    responses((status = 200, description = "The offer", body = OfferView))
)]
#[patch("/v1/operator/offers/{offer_id}")]
pub(crate) async fn update_offer(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Id(id): Id<OfferId>,
    Json(change): Json<OfferChange>,
) -> Answer<OfferView> {
    let offer = merchants::update_offer(&server.app, &ctx, &caller.actor(), id, change.patch()?).await?;
    Ok(web::Json(offer.into()))
}
