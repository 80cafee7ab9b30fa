//! The secret that ties a flow to the browser, or the client, in which it was started.
//!
//! A browser holds it in a flow cookie, whose name has a random end: two tabs that start at the same moment, before there is any
//! cookie, get one each, and neither flow is lost. Later starts use the cookie that is there. A client that asks for bearer tokens may
//! choose its own secret: 32 random bytes as base64url in `mainstay-flow`, the same at the start and at the finish.

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
    cookies::{Flow, cookies_with_prefix},
    security::limits::{FLOW_COOKIE_TTL, FLOW_COOKIES_MAX},
    state::Edge,
};

const MAINSTAY_FLOW: HeaderName = HeaderName::from_static("mainstay-flow");
/// Random bytes at the end of a cookie's name.
const NAME_BYTES: usize = 6;

/// One side of a flow that starts.
pub(crate) struct Browser {
    secret: [u8; 32],
    cookie: Option<HeaderValue>,
}

impl Browser {
    /// Keeps the secret that the browser has, so that its other tabs go on, and renews the cookie.
    pub(crate) fn begin(server: &Edge, context: &RequestContext, headers: &HeaderMap, flow: Flow) -> Self {
        if let Some(secret) = own_secret(context, headers) {
            return Self { secret, cookie: None };
        }
        let known = presented(server, headers, flow).next();
        let (name, secret) = known.unwrap_or_else(|| {
            let random = &server.app.ports.random;
            let mut end = [0; NAME_BYTES];
            random.fill(&mut end);
            (format!("{}_{}", server.cookies.flow(flow), encode(&end)), random.secret())
        });
        let cookie = server.cookies.set_flow(flow, &name, &encode(&secret), FLOW_COOKIE_TTL);
        Self { secret, cookie: Some(cookie) }
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

/// The secrets that come with the end of a flow. Who has none fits no flow.
pub(crate) fn secrets(
    server: &Edge,
    context: &RequestContext,
    headers: &HeaderMap,
    flow: Flow,
) -> Vec<[u8; 32]> {
    match own_secret(context, headers) {
        Some(secret) => vec![secret],
        None => presented(server, headers, flow).map(|(_, secret)| secret).collect(),
    }
}

/// Takes the flow's cookies away.
pub(crate) fn forget(server: &Edge, headers: &HeaderMap, flow: Flow, response: &mut HttpResponse) {
    for (name, _) in presented(server, headers, flow) {
        response.headers_mut().append(header::SET_COOKIE, server.cookies.clear_flow(flow, &name));
    }
}

fn own_secret(context: &RequestContext, headers: &HeaderMap) -> Option<[u8; 32]> {
    if context.posture != Posture::Bearer {
        return None;
    }
    decode_32(headers.get(MAINSTAY_FLOW)?.to_str().ok()?)
}

fn presented<'a>(
    server: &'a Edge,
    headers: &'a HeaderMap,
    flow: Flow,
) -> impl Iterator<Item = (String, [u8; 32])> + 'a {
    cookies_with_prefix(headers, server.cookies.flow(flow))
        .filter_map(|(name, value)| Some((name.to_owned(), decode_32(value)?)))
        .take(FLOW_COOKIES_MAX)
}
