//! The secret that ties a flow to the browser, or the client, in which it was started.
//!
//! A browser holds it in a flow cookie. A client that asks for bearer tokens may choose its own: 32 random bytes as base64url in
//! `mainstay-flow`, the same at the start and at the finish.

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};
use mainstay_model::session::Posture;
use mainstay_services::{
    RequestContext,
    crypto::{decode_32, encode},
};

use crate::{
    cookies::{Flow, cookie},
    security::limits::FLOW_COOKIE_TTL,
    state::Edge,
};

const MAINSTAY_FLOW: HeaderName = HeaderName::from_static("mainstay-flow");

/// One side of a flow.
pub(crate) struct Browser {
    secret: [u8; 32],
    cookie: Option<HeaderValue>,
}

impl Browser {
    /// For a flow that starts: keeps the secret that the browser has, so that its other tabs go on, and renews the cookie.
    pub(crate) fn begin(server: &Edge, context: &RequestContext, headers: &HeaderMap, flow: Flow) -> Self {
        if let Some(secret) = own_secret(context, headers) {
            return Self { secret, cookie: None };
        }
        let secret = from_cookie(server, headers, flow).unwrap_or_else(|| server.app.ports.random.secret());
        let cookie = server.cookies.set_flow(flow, &encode(&secret), FLOW_COOKIE_TTL);
        Self { secret, cookie: Some(cookie) }
    }

    /// For a flow that ends. Who has no secret gets a random one, which fits no flow.
    pub(crate) fn return_of(
        server: &Edge,
        context: &RequestContext,
        headers: &HeaderMap,
        flow: Flow,
    ) -> Self {
        let secret = own_secret(context, headers)
            .or_else(|| from_cookie(server, headers, flow))
            .unwrap_or_else(|| server.app.ports.random.secret());
        Self { secret, cookie: None }
    }

    pub(crate) const fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Puts the cookie on the answer, where there is one.
    pub(crate) fn keep(&self, response: &mut HttpResponse) {
        if let Some(cookie) = &self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
    }
}

fn own_secret(context: &RequestContext, headers: &HeaderMap) -> Option<[u8; 32]> {
    if context.posture != Posture::Bearer {
        return None;
    }
    decode_32(headers.get(MAINSTAY_FLOW)?.to_str().ok()?)
}

/// The secret of a flow cookie, if there is one.
pub(crate) fn from_cookie(server: &Edge, headers: &HeaderMap, flow: Flow) -> Option<[u8; 32]> {
    decode_32(cookie(headers, server.cookies.flow(flow))?)
}
