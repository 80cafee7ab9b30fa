//! Merchants.

use actix_web::{HttpResponse, get, patch, post, web};
use mainstay_model::MerchantId;
use mainstay_services::{merchants, service_keys};
use secrecy::ExposeSecret;

use crate::{
    body::Json,
    extract::{Context, Id, Operator},
    problem::Problem,
    routes::{Answer, Registry, Server, redemptions::page},
    views::{
        PageQuery,
        merchant::{
            MerchantChange, MerchantView, MerchantWalletView, MerchantsView, NewMerchant, NewMerchantKey,
        },
        operator::ServiceKeyMade,
        redemption::MerchantRedemptionsView,
        wallet::{StatementQuery, StatementView},
    },
};

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(list_merchants)
        .service(create_merchant)
        .service(get_merchant)
        .service(update_merchant)
        .service(get_merchant_wallet)
        .service(get_merchant_statement)
        .service(list_merchant_redemptions)
        .service(create_merchant_key);
}

/// Lists merchants, newest first
#[utoipa::path(tag = "operator", params(PageQuery), responses((status = 200, description = "One page", body = MerchantsView)))]
#[get("/v1/operator/merchants")]
pub(crate) async fn list_merchants(
    server: Server,
    _operator: Operator,
    query: web::Query<PageQuery>,
) -> Answer<MerchantsView> {
    Ok(web::Json(merchants::list(&server.app, page(&query)?).await?.into()))
}

/// Registers a merchant
#[utoipa::path(tag = "operator", responses((status = 201, description = "The merchant", body = MerchantView)))]
#[post("/v1/operator/merchants")]
pub(crate) async fn create_merchant(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Json(new): Json<NewMerchant>,
) -> Result<HttpResponse, Problem> {
    let merchant = merchants::create(&server.app, &ctx, &caller.actor(), &new.name).await?;
    Ok(HttpResponse::Created().json(MerchantView::from(merchant)))
}

/// Reads a merchant
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path)),
    responses((status = 200, description = "The merchant", body = MerchantView))
)]
#[get("/v1/operator/merchants/{merchant_id}")]
pub(crate) async fn get_merchant(
    server: Server,
    _operator: Operator,
    Id(id): Id<MerchantId>,
) -> Answer<MerchantView> {
    Ok(web::Json(merchants::get(&server.app, id).await?.into()))
}

/// Changes a merchant
///
/// What is left out stays. A closed merchant takes no redemptions and confirms none; the points of open ones come back in their time.
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path)),
    responses((status = 200, description = "The merchant", body = MerchantView))
)]
#[patch("/v1/operator/merchants/{merchant_id}")]
pub(crate) async fn update_merchant(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Id(id): Id<MerchantId>,
    Json(change): Json<MerchantChange>,
) -> Answer<MerchantView> {
    let merchant = merchants::update(&server.app, &ctx, &caller.actor(), id, change.patch()?).await?;
    Ok(web::Json(merchant.into()))
}

/// Reads what a merchant has
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path)),
    responses((status = 200, description = "Its points", body = MerchantWalletView))
)]
#[get("/v1/operator/merchants/{merchant_id}/wallet")]
pub(crate) async fn get_merchant_wallet(
    server: Server,
    _operator: Operator,
    Id(id): Id<MerchantId>,
) -> Answer<MerchantWalletView> {
    Ok(web::Json(merchants::account(&server.app, id).await?.into()))
}

/// Reads a merchant's statement, newest first
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path), StatementQuery),
    responses((status = 200, description = "One page", body = StatementView))
)]
#[get("/v1/operator/merchants/{merchant_id}/wallet/statement")]
pub(crate) async fn get_merchant_statement(
    server: Server,
    _operator: Operator,
    Id(id): Id<MerchantId>,
    query: web::Query<StatementQuery>,
) -> Answer<StatementView> {
    let filter = query.filter()?;
    let limit = filter.limit;
    Ok(web::Json(StatementView::new(merchants::statement(&server.app, id, filter).await?, limit)))
}

/// Lists a merchant's redemptions, newest first
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path), PageQuery),
    responses((status = 200, description = "One page", body = MerchantRedemptionsView))
)]
#[get("/v1/operator/merchants/{merchant_id}/redemptions")]
pub(crate) async fn list_merchant_redemptions(
    server: Server,
    _operator: Operator,
    Id(id): Id<MerchantId>,
    query: web::Query<PageQuery>,
) -> Answer<MerchantRedemptionsView> {
    let redemptions = merchants::redemptions_of_merchant(&server.app, id, page(&query)?).await?;
    Ok(web::Json(MerchantRedemptionsView::new(server.app.now(), redemptions)))
}

/// Makes a service key of a merchant's till, and shows it this once
///
/// It confirms redemptions at this merchant and opens nothing else. It is listed and revoked as every service key.
#[utoipa::path(
    tag = "operator",
    params(("merchant_id" = Uuid, Path)),
    responses((status = 201, description = "The key", body = ServiceKeyMade))
)]
#[post("/v1/operator/merchants/{merchant_id}/service-keys")]
pub(crate) async fn create_merchant_key(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Id(id): Id<MerchantId>,
    Json(new): Json<NewMerchantKey>,
) -> Result<HttpResponse, Problem> {
    let actor = caller.actor();
    let (made, key) = service_keys::create_for_merchant(&server.app, &ctx, &actor, id, &new.name).await?;
    let view = ServiceKeyMade { service_key: made.into(), key: key.expose_secret().to_owned() };
    Ok(HttpResponse::Created().json(view))
}
