//! Members' wallets, for operators.

use actix_web::{HttpResponse, get, post, web};
use mainstay_model::{
    MemberId, TransferId,
    ledger::{AccountKind, AccountRef},
};
use mainstay_services::wallet::{self, Grant, Poster};

use crate::{
    body::Once,
    extract::{Context, Id, Operator},
    problem::Problem,
    routes::{
        Answer, Server,
        wallet::{created, posted},
    },
    views::wallet::{NewGrant, NewReversal, StatementQuery, StatementView, TransferView, WalletView},
};

/// Reads a member's wallet
#[utoipa::path(
    tag = "operator",
    params(("member_id" = Uuid, Path)),
    responses((status = 200, description = "What it has", body = WalletView))
)]
#[get("/v1/operator/members/{member_id}/wallet")]
pub(crate) async fn get_member_wallet(
    server: Server,
    _operator: Operator,
    Id(id): Id<MemberId>,
) -> Answer<WalletView> {
    wallet::require_known(&server.app, id).await?;
    Ok(web::Json(wallet::balance(&server.app, id).await?.into()))
}

/// Reads a member's statement, newest first
#[utoipa::path(
    tag = "operator",
    params(("member_id" = Uuid, Path), StatementQuery),
    responses((status = 200, description = "One page", body = StatementView))
)]
#[get("/v1/operator/members/{member_id}/wallet/statement")]
pub(crate) async fn get_member_statement(
    server: Server,
    _operator: Operator,
    Id(id): Id<MemberId>,
    query: web::Query<StatementQuery>,
) -> Answer<StatementView> {
    let filter = query.filter()?;
    let limit = filter.limit;
    wallet::require_known(&server.app, id).await?;
    Ok(web::Json(StatementView::new(wallet::statement(&server.app, id, filter).await?, limit)))
}

/// Gives points to a member
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "operator",
    params(
        ("member_id" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again"),
    ),
    request_body = NewGrant,
    responses((status = 201, description = "The grant", body = TransferView))
)]
#[post("/v1/operator/members/{member_id}/wallet/grants")]
pub(crate) async fn grant_points(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Id(member_id): Id<MemberId>,
    once: Once<NewGrant>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let expires_on = body.expires_on()?;
    let wanted = Grant { member_id, amount: body.amount.0, reason: &body.reason, expires_on };
    let done = wallet::grant(&server.app, &ctx, &Poster::from(&caller), &key, wanted).await?;
    let wallet = AccountRef::member(member_id).id;
    Ok(posted(done, |settlement| created(TransferView::of(settlement, wallet))))
}

/// Undoes a transfer, whole
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "operator",
    params(
        ("transfer_id" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again"),
    ),
    request_body = NewReversal,
    responses((status = 201, description = "The transfer that undoes it", body = TransferView))
)]
#[post("/v1/operator/wallet/transfers/{transfer_id}/reversal")]
pub(crate) async fn reverse_transfer(
    server: Server,
    Context(ctx): Context,
    Operator(caller): Operator,
    Id(transfer_id): Id<TransferId>,
    once: Once<NewReversal>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let poster = Poster::from(&caller);
    let done = wallet::reverse(&server.app, &ctx, &poster, &key, transfer_id, &body.reason).await?;
    Ok(posted(done, |settlement| {
        // Of what went from wallet to wallet, the one that gets it back; of a grant, the one that loses it.
        let transfer = &settlement.transfer;
        let wallet =
            if transfer.credit.kind == AccountKind::Member { transfer.credit } else { transfer.debit };
        created(TransferView::of(settlement, wallet.id))
    }))
}
