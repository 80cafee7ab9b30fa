//! What is known of a request from its first bytes, and what is noted of it on its way.

use std::{cell::Cell, net::IpAddr, time::Instant};

use actix_web::{
    dev::ServiceRequest,
    http::{Method, header::HeaderMap},
};
use mainstay_model::MemberId;
use mainstay_services::sabotage::{self, Guard};

use crate::{
    route_table::Found,
    security::{
        client_address::client_address,
        cors::{self, Origin},
        rate_limit::{Class, Counted},
        request_id::request_id,
    },
    state::Edge,
    telemetry::{self, Label},
};

/// What is known of a request at once, and stays known whatever happens to it.
pub(super) struct Facts {
    pub(super) started: Instant,
    pub(super) request_id: String,
    pub(super) client: Option<IpAddr>,
    pub(super) origin: Origin,
    pub(super) method: &'static str,
    pub(super) found: Found,
    pub(super) label: Label,
    pub(super) is_preflight: bool,
}

/// What is found out on the way and belongs into the answer or the log.
#[derive(Default)]
pub(super) struct Noted {
    pub(super) member_id: Cell<Option<MemberId>>,
    pub(super) counted: Cell<Option<Counted>>,
}

impl Facts {
    pub(super) fn of(edge: &Edge, request: &mut ServiceRequest) -> Self {
        let started = Instant::now();
        let method = telemetry::method_label(request.method());
        // A HEAD is a GET without the body of its answer, which the connection leaves out by itself.
        if *request.method() == Method::HEAD {
            request.head_mut().method = Method::GET;
        }
        if let Some(method) = overridden(request.headers()) {
            request.head_mut().method = method;
        }
        let headers = request.headers();
        let found = edge.table.find(request.method(), request.path());
        let label = match &found {
            Found::Route { index, route } => Label::Route { index: *index, route },
            Found::OtherMethods(_) => Label::Unmatched,
            Found::Nothing if is_for_studio(request) => Label::Studio,
            Found::Nothing => Label::Unmatched,
        };
        Self {
            started,
            request_id: request_id(headers, &edge.app),
            client: client_address(
                request.peer_addr().map(|peer| peer.ip()),
                headers,
                &edge.settings.trusted_proxies,
            ),
            origin: edge.origins.judge(headers),
            method,
            found,
            label,
            is_preflight: cors::is_preflight(request.head()),
        }
    }

    pub(super) fn class(&self) -> Class {
        match self.label {
            Label::Route { route, .. } => route.class,
            Label::Studio => Class::Unlimited,
            Label::Unmatched => Class::Public,
        }
    }
}

/// What a header makes of a request's method: nothing, unless that guard is left out.
fn overridden(headers: &HeaderMap) -> Option<Method> {
    if !sabotage::is_off(Guard::MethodOverride) {
        return None;
    }
    let names = ["x-http-method-override", "x-http-method", "x-method-override"];
    names.iter().find_map(|name| Method::from_bytes(headers.get(*name)?.as_bytes()).ok())
}

fn is_for_studio(request: &ServiceRequest) -> bool {
    *request.method() == Method::GET && !request.path().starts_with("/v1/")
}
