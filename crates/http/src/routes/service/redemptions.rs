//! Redemptions, for merchants' tills.

use actix_web::{HttpResponse, post};
use mainstay_services::merchants;

use crate::{
    body::Once,
    extract::ServiceCaller,
    problem::Problem,
    routes::{
        Registry, Server,
        wallet::{created, posted},
    },
    views::redemption::{ConfirmationView, ShownCode},
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(confirm_redemption);
}

/// Confirms a code that a member shows: the points become the merchant's
///
/// Takes a key of the merchant. Needs an `Idempotency-Key`: the same key and body are answered alike and happen once; a code that
/// was confirmed under another is refused.
#[utoipa::path(
    tag = "service",
    params(("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again")),
    request_body = ShownCode,
    responses((status = 201, description = "It is confirmed", body = ConfirmationView))
)]
#[post("/v1/service/redemptions/confirm")]
pub(crate) async fn confirm_redemption(
    server: Server,
    ServiceCaller(caller): ServiceCaller,
    once: Once<ShownCode>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let done = merchants::confirm(&server.app, &caller, &key, &body.code).await?;
    Ok(posted(done, |confirmation| created(ConfirmationView::from(confirmation))))
}
