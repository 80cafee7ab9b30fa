//! Points of members that services hold for merchants, and then spend or free.

use std::time::Duration;

use actix_web::{HttpResponse, get, post, web};
use mainstay_model::{HoldId, MemberId};
use mainstay_services::{
    merchants::{self, MerchantHold},
    wallet::{self, Poster},
};

use crate::{
    body::Once,
    extract::{Context, Id, ServiceCaller},
    problem::Problem,
    routes::{
        Answer, Registry, Server,
        wallet::{created, posted},
    },
    views::{
        merchant::{CaptureBody, NewMerchantHold, ReleaseBody},
        wallet::{HoldView, TransferView},
    },
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(hold_points).service(get_hold).service(capture_hold).service(release_hold);
}

/// Holds points of a member for a merchant
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "service",
    params(
        ("member_id" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again"),
    ),
    request_body = NewMerchantHold,
    responses((status = 201, description = "The hold", body = HoldView))
)]
#[post("/v1/service/members/{member_id}/wallet/holds")]
pub(crate) async fn hold_points(
    server: Server,
    ServiceCaller(caller): ServiceCaller,
    Id(member_id): Id<MemberId>,
    once: Once<NewMerchantHold>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let wanted = MerchantHold {
        member_id,
        merchant_id: body.merchant_id,
        amount: body.amount.0,
        lasts: Duration::from_secs(body.lasts_seconds),
        reason: &body.reason,
    };
    let done = merchants::hold(&server.app, &Poster::from(caller.id), &key, wanted).await?;
    Ok(posted(done, |hold| created(HoldView::from(hold))))
}

/// Reads a hold that a service made
#[utoipa::path(
    tag = "service",
    params(("hold_id" = Uuid, Path)),
    responses((status = 200, description = "The hold", body = HoldView))
)]
#[get("/v1/service/wallet/holds/{hold_id}")]
pub(crate) async fn get_hold(server: Server, _caller: ServiceCaller, Id(id): Id<HoldId>) -> Answer<HoldView> {
    Ok(web::Json(wallet::hold_by_id(&server.app, id).await?.into()))
}

/// Spends points that are held: all, or some, and then the rest is free again
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "service",
    params(
        ("hold_id" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again"),
    ),
    request_body = CaptureBody,
    responses((status = 201, description = "The transfer to the merchant", body = TransferView))
)]
#[post("/v1/service/wallet/holds/{hold_id}/capture")]
pub(crate) async fn capture_hold(
    server: Server,
    ServiceCaller(caller): ServiceCaller,
    Id(id): Id<HoldId>,
    once: Once<CaptureBody>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let amount = body.amount.map(|points| points.0);
    let done = wallet::capture(&server.app, &Poster::from(caller.id), &key, id, amount).await?;
    Ok(posted(done, |settlement| {
        let wallet = settlement.transfer.debit.id;
        created(TransferView::of(settlement, wallet))
    }))
}

/// Frees points that are held
///
/// Needs an `Idempotency-Key` and a body (`{}`): the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "service",
    params(
        ("hold_id" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again"),
    ),
    request_body = ReleaseBody,
    responses((status = 201, description = "The hold, released", body = HoldView))
)]
#[post("/v1/service/wallet/holds/{hold_id}/release")]
pub(crate) async fn release_hold(
    server: Server,
    Context(context): Context,
    ServiceCaller(caller): ServiceCaller,
    Id(id): Id<HoldId>,
    once: Once<ReleaseBody>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body: ReleaseBody {} } = once;
    let done = wallet::release(&server.app, &context, &Poster::from(caller.id), &key, id).await?;
    Ok(posted(done, |hold| created(HoldView::from(hold))))
}
