//! What is left of a body whose request was refused: the connection ends with the answer, so that nobody is kept busy by chunks
//! that never end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    http::header,
};
use bytes::Bytes;
use mainstay_services::sabotage::{self, Guard};

/// Ties the rest of the request's body to its refusal.
pub(super) fn end_with(request: &mut ServiceRequest, refusal: HttpResponse) -> HttpResponse {
    // A body that tells its length ends the connection by itself.
    if !request.headers().contains_key(header::TRANSFER_ENCODING) || sabotage::is_off(Guard::UnreadBody) {
        return refusal;
    }
    let unread = request.take_payload();
    refusal.map_body(|_, body| BoxBody::new(Refusal { body, _unread: unread }))
}

/// While the rest of the body is held, the framework does not read it to its end, and closes after the answer.
struct Refusal {
    body: BoxBody,
    _unread: Payload,
}

impl MessageBody for Refusal {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
