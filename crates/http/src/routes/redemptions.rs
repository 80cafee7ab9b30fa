//! What a member can have for their points, and has taken.

use actix_web::{HttpResponse, get, post, web};
use mainstay_model::{RedemptionId, page::PageRequest};
use mainstay_services::{Error, merchants};

use crate::{
    body::Once,
    extract::{Id, SignedInMember},
    problem::Problem,
    qr,
    routes::{
        Answer, Registry, Server,
        wallet::{created, posted},
    },
    views::{
        PageQuery, cursor,
        offer::OpenOffersView,
        page_limit,
        redemption::{NewRedemption, RedemptionView, RedemptionsView},
    },
};

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(list_open_offers)
        .service(list_redemptions)
        .service(redeem_offer)
        .service(get_redemption)
        .service(get_redemption_qr)
        .service(cancel_redemption);
}

/// Lists what can be redeemed now, newest first
#[utoipa::path(tag = "wallet", params(PageQuery), responses((status = 200, description = "One page", body = OpenOffersView)))]
#[get("/v1/wallet/offers")]
pub(crate) async fn list_open_offers(
    server: Server,
    _member: SignedInMember,
    query: web::Query<PageQuery>,
) -> Answer<OpenOffersView> {
    let page = page(&query)?;
    Ok(web::Json(merchants::list_open(&server.app, page).await?.into()))
}

/// Lists own redemptions, newest first
#[utoipa::path(tag = "wallet", params(PageQuery), responses((status = 200, description = "One page", body = RedemptionsView)))]
#[get("/v1/wallet/redemptions")]
pub(crate) async fn list_redemptions(
    server: Server,
    member: SignedInMember,
    query: web::Query<PageQuery>,
) -> Answer<RedemptionsView> {
    let redemptions = merchants::redemptions(&server.app, &member.caller, page(&query)?).await?;
    Ok(web::Json(RedemptionsView::new(&server.app, redemptions)))
}

/// Takes an offer: its points are held, and the answer has the code to show to the merchant
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once. What the merchant does not confirm in 15
/// minutes comes back. With `points`, what the member was shown that it costs, nothing is taken at another price: `price_changed`.
#[utoipa::path(
    tag = "wallet",
    params(("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again")),
    request_body = NewRedemption,
    responses((status = 201, description = "The redemption", body = RedemptionView))
)]
#[post("/v1/wallet/redemptions")]
pub(crate) async fn redeem_offer(
    server: Server,
    member: SignedInMember,
    once: Once<NewRedemption>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let done = merchants::redeem(&server.app, &member.caller, &key, body.offer_id, body.points).await?;
    Ok(posted(done, |redemption| created(RedemptionView::new(&server.app, redemption))))
}

/// Reads a redemption, with its code while it is open
#[utoipa::path(
    tag = "wallet",
    params(("redemption_id" = Uuid, Path)),
    responses((status = 200, description = "The redemption", body = RedemptionView))
)]
#[get("/v1/wallet/redemptions/{redemption_id}")]
pub(crate) async fn get_redemption(
    server: Server,
    member: SignedInMember,
    Id(id): Id<RedemptionId>,
) -> Answer<RedemptionView> {
    let redemption = merchants::redemption(&server.app, &member.caller, id).await?;
    Ok(web::Json(RedemptionView::new(&server.app, redemption)))
}

/// The code of an open redemption as a QR code
#[utoipa::path(
    tag = "wallet",
    params(("redemption_id" = Uuid, Path)),
    responses((status = 200, description = "An image", body = String, content_type = "image/svg+xml"))
)]
#[get("/v1/wallet/redemptions/{redemption_id}/qr.svg")]
pub(crate) async fn get_redemption_qr(
    server: Server,
    member: SignedInMember,
    Id(id): Id<RedemptionId>,
) -> Result<HttpResponse, Problem> {
    let redemption = merchants::redemption(&server.app, &member.caller, id).await?;
    let code = merchants::code(&server.app, &redemption).ok_or_else(Error::not_found)?;
    Ok(HttpResponse::Ok().content_type("image/svg+xml").body(qr::svg(&code.to_text())?))
}

/// Takes a redemption back before it is confirmed
#[utoipa::path(
    tag = "wallet",
    params(("redemption_id" = Uuid, Path)),
    responses((status = 200, description = "The redemption; its points are free again", body = RedemptionView))
)]
#[post("/v1/wallet/redemptions/{redemption_id}/cancel")]
pub(crate) async fn cancel_redemption(
    server: Server,
    member: SignedInMember,
    Id(id): Id<RedemptionId>,
) -> Answer<RedemptionView> {
    let redemption = merchants::cancel(&server.app, &member.caller, id).await?;
    Ok(web::Json(RedemptionView::new(&server.app, redemption)))
}

pub(crate) fn page(query: &PageQuery) -> Result<PageRequest, Error> {
    Ok(PageRequest { limit: page_limit(query.limit)?, before: cursor(query.cursor.as_deref())? })
}
