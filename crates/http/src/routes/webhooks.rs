//! Events of payment providers (WHK-1 to WHK-3).

use actix_web::{HttpRequest, http::header::HeaderMap, post, web};
use mainstay_services::webhooks::{self, SentHeaders};

use crate::{
    body::RawJson,
    extract::{Context, Id},
    routes::{Answer, Registry, Server},
    views::inbox::ReceiptView,
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(receive_webhook);
}

struct Sent<'a>(&'a HeaderMap);

impl SentHeaders for Sent<'_> {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        self.0.get_all(name).map(|value| value.as_bytes()).collect()
    }
}

/// Takes an event of a configured source
///
/// The signature is checked on the bytes of the body. What was taken before is answered as a duplicate, and nothing happens twice.
#[utoipa::path(
    tag = "purchases",
    params(("source" = String, Path)),
    request_body(content = Object, description = "The event, as its source writes it"),
    responses((status = 200, description = "It need not be sent again", body = ReceiptView))
)]
#[post("/v1/webhooks/{source}")]
pub(crate) async fn receive_webhook(
    server: Server,
    Context(context): Context,
    Id(source): Id<String>,
    request: HttpRequest,
    RawJson(body): RawJson,
) -> Answer<ReceiptView> {
    let headers = Sent(request.headers());
    let receipt = webhooks::receive(&server.app, &context, &source, &headers, body).await?;
    Ok(web::Json(receipt.into()))
}
