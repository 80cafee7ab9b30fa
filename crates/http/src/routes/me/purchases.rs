//! A member's purchases, and by what they are recognised (WHK-4).

use actix_web::{HttpResponse, delete, get, post, web};
use mainstay_model::{CustomerLinkId, page::PageRequest};
use mainstay_services::purchases;

use crate::{
    body::Json,
    extract::{Context, Id, SignedInMember},
    problem::Problem,
    routes::{Answer, Server},
    views::{
        PageQuery, cursor, page_limit,
        purchase::{ClaimedView, CustomerLinksView, MadeCodeView, PurchaseClaim, PurchasesView},
    },
};

/// Lists purchases and what they came to, newest first
#[utoipa::path(tag = "purchases", params(PageQuery), responses((status = 200, description = "One page", body = PurchasesView)))]
#[get("/v1/me/purchases")]
pub(crate) async fn list_purchases(
    server: Server,
    member: SignedInMember,
    page: web::Query<PageQuery>,
) -> Answer<PurchasesView> {
    let request = PageRequest { limit: page_limit(page.limit)?, before: cursor(page.cursor.as_deref())? };
    Ok(web::Json(purchases::list(&server.app, &member.caller, request).await?.into()))
}

/// Claims purchases by the code on the receipt, or by the proven address
///
/// What was claimed is answered; an unknown code finds nothing.
#[utoipa::path(tag = "purchases", responses((status = 200, description = "What is yours now", body = ClaimedView)))]
#[post("/v1/me/purchases/claim")]
pub(crate) async fn claim_purchases(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Json(claim): Json<PurchaseClaim>,
) -> Answer<ClaimedView> {
    let claimed = purchases::claim(&server.app, &context, &member.caller, &claim.into()).await?;
    Ok(web::Json(ClaimedView { items: claimed.into_iter().map(Into::into).collect() }))
}

/// Lists by what your purchases are recognised
#[utoipa::path(tag = "purchases", responses((status = 200, description = "The links", body = CustomerLinksView)))]
#[get("/v1/me/purchase-links")]
pub(crate) async fn list_purchase_links(server: Server, member: SignedInMember) -> Answer<CustomerLinksView> {
    let links = purchases::links(&server.app, &member.caller).await?;
    Ok(web::Json(CustomerLinksView { items: links.into_iter().map(Into::into).collect() }))
}

/// Makes a code to show at the till, and shows it this once
#[utoipa::path(tag = "purchases", responses((status = 201, description = "The code", body = MadeCodeView)))]
#[post("/v1/me/purchase-links")]
pub(crate) async fn create_purchase_code(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
) -> Result<HttpResponse, Problem> {
    let made = purchases::make_code(&server.app, &context, &member.caller).await?;
    Ok(HttpResponse::Created().json(MadeCodeView { link: made.link.into(), code: made.code }))
}

/// Removes a link; what was bought stays yours
#[utoipa::path(
    tag = "purchases",
    params(("customer_link_id" = Uuid, Path)),
    responses((status = 204, description = "Removed"))
)]
#[delete("/v1/me/purchase-links/{customer_link_id}")]
pub(crate) async fn delete_purchase_link(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Id(id): Id<CustomerLinkId>,
) -> Result<HttpResponse, Problem> {
    purchases::unlink(&server.app, &context, &member.caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
