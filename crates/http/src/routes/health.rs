//! Probes and metrics.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, web};
use mainstay_services::{
    Error, crypto,
    sabotage::{self, Guard},
};
use secrecy::ExposeSecret;

use crate::{
    problem::Problem,
    readiness::CheckState,
    routes::{Registry, Server},
    security::authentication::bearer_token,
    views::config::{CheckView, HealthView, ReadinessView, capabilities},
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(get_health).service(get_ready).service(get_readyz).service(get_metrics);
}

/// The process is alive
///
/// Touches no dependency. Tells what this deployment can do, and why not the rest.
#[utoipa::path(tag = "probes", responses((status = 200, description = "Alive", body = HealthView)))]
#[get("/health")]
pub(crate) async fn get_health(server: Server) -> web::Json<HealthView> {
    web::Json(HealthView {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        capabilities: capabilities(&server.app.capabilities),
        #[cfg(feature = "sabotage")]
        sabotaged: sabotage::off(),
    })
}

/// This node should get traffic
///
/// Each dependency with its own state and age.
#[utoipa::path(tag = "probes", responses(
    (status = 200, description = "Ready", body = ReadinessView),
    (status = 503, description = "A check failed", body = ReadinessView),
))]
#[get("/ready")]
pub(crate) async fn get_ready(server: Server) -> HttpResponse {
    readiness(&server).await
}

/// The same as `/ready`
#[utoipa::path(tag = "probes", responses(
    (status = 200, description = "Ready", body = ReadinessView),
    (status = 503, description = "A check failed", body = ReadinessView),
))]
#[get("/readyz")]
pub(crate) async fn get_readyz(server: Server) -> HttpResponse {
    readiness(&server).await
}

async fn readiness(server: &Server) -> HttpResponse {
    let checks = server.readiness.checks().await;
    let failed = checks.iter().any(|check| check.state == CheckState::Failed);
    let checks = checks
        .into_iter()
        .filter(|_| !sabotage::is_off(Guard::ReadyDetails))
        .map(|check| {
            let age_ms = u64::try_from(check.age.as_millis()).unwrap_or(u64::MAX);
            (check.name.to_owned(), CheckView { state: check.state.as_str(), detail: check.detail, age_ms })
        })
        .collect();
    let (code, status) =
        if failed { (StatusCode::SERVICE_UNAVAILABLE, "unready") } else { (StatusCode::OK, "ready") };
    HttpResponse::build(code).json(ReadinessView { status, checks })
}

/// Metrics in Prometheus' text format
///
/// Only for holders of the metrics token; everybody else finds nothing here. The internal listener needs no token.
#[utoipa::path(tag = "probes", responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")))]
#[get("/metrics")]
pub(crate) async fn get_metrics(server: Server, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let presented = bearer_token(request.headers()).unwrap_or_default();
    match &server.settings.metrics_token {
        _ if sabotage::is_off(Guard::MetricsHidden) => {
            Ok(HttpResponse::Ok().content_type(METRICS_TYPE).body((server.metrics)()))
        }
        Some(token) if crypto::equal(token.expose_secret().as_bytes(), presented.as_bytes()) => {
            Ok(HttpResponse::Ok().content_type(METRICS_TYPE).body((server.metrics)()))
        }
        _ => Err(Error::not_found().into()),
    }
}

/// Prometheus' text format.
pub(crate) const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
