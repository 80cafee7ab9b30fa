//! Members' wallets, for services.

use actix_web::{HttpResponse, get, post, web};
use mainstay_model::{MemberId, ledger::AccountRef};
use mainstay_services::wallet::{self, Grant, Poster};

use crate::{
    body::Once,
    extract::{Context, Id, ServiceCaller},
    problem::Problem,
    routes::{
        Answer, Server,
        wallet::{created, posted},
    },
    views::wallet::{NewGrant, TransferView, WalletView},
};

/// Reads a member's wallet
#[utoipa::path(
    tag = "service",
    params(("member_id" = Uuid, Path)),
    responses((status = 200, description = "What it has", body = WalletView))
)]
#[get("/v1/service/members/{member_id}/wallet")]
pub(crate) async fn get_service_wallet(
    server: Server,
    _caller: ServiceCaller,
    Id(id): Id<MemberId>,
) -> Answer<WalletView> {
    wallet::require_known(&server.app, id).await?;
    Ok(web::Json(wallet::balance(&server.app, id).await?.into()))
}

/// Gives points to a member
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "service",
    params(
        ("member_id" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again"),
    ),
    request_body = NewGrant,
    responses((status = 201, description = "The grant", body = TransferView))
)]
#[post("/v1/service/members/{member_id}/wallet/grants")]
pub(crate) async fn grant_points_by_service(
    server: Server,
    Context(ctx): Context,
    ServiceCaller(caller): ServiceCaller,
    Id(member_id): Id<MemberId>,
    once: Once<NewGrant>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let expires_on = body.expires_on()?;
    let wanted = Grant { member_id, amount: body.amount.0, reason: &body.reason, expires_on };
    let done = wallet::grant(&server.app, &ctx, &Poster::from(caller.id), &key, wanted).await?;
    let wallet = AccountRef::member(member_id).id;
    Ok(posted(done, |settlement| created(TransferView::of(settlement, wallet))))
}
