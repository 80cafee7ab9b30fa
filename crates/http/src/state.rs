//! What every request of one server shares.

use std::sync::Arc;

use mainstay_services::{App, Settings};

use crate::{
    access::ROUTES,
    cookies::CookieNames,
    document::Document,
    readiness::Readiness,
    route_table::RouteTable,
    routes::{config, docs, studio::Studio},
    security::{cors::Origins, headers::SecurityHeaders, rate_limit::RateLimiter},
    settings::HttpSettings,
    telemetry::Meters,
};

/// Renders the metrics in Prometheus' text format.
pub type MetricsHook = Arc<dyn Fn() -> String + Send + Sync>;

/// The state of the edge. Handlers get it as `web::Data<Edge>`.
pub(crate) struct Edge {
    pub(crate) app: Arc<App>,
    pub(crate) settings: HttpSettings,
    pub(crate) readiness: Arc<dyn Readiness>,
    pub(crate) metrics: MetricsHook,
    pub(crate) origins: Origins,
    pub(crate) cookies: CookieNames,
    pub(crate) headers: SecurityHeaders,
    pub(crate) limiter: RateLimiter,
    pub(crate) table: RouteTable,
    pub(crate) meters: Meters,
    pub(crate) studio: Studio,
    pub(crate) config: Document,
    pub(crate) openapi: Document,
    pub(crate) docs_page: Document,
    pub(crate) docs_style: Document,
}

impl Edge {
    pub(crate) fn new(
        app: Arc<App>,
        settings: HttpSettings,
        readiness: Arc<dyn Readiness>,
        metrics: MetricsHook,
    ) -> Self {
        let api = crate::openapi();
        Self {
            origins: Origins::new(&app.settings.public_url, &settings.allowed_origins),
            cookies: CookieNames::new(settings.secure_cookies),
            headers: SecurityHeaders::new(is_https_only(&app.settings), &settings.api_bases),
            limiter: RateLimiter::new(&app, settings.rate_limits),
            table: RouteTable::new(ROUTES),
            meters: Meters::new(ROUTES),
            studio: Studio::new(settings.frontend_dir.as_deref()),
            config: config::document(&app, &settings),
            openapi: docs::openapi_document(&api),
            docs_page: docs::page_document(&api),
            docs_style: docs::style_document(),
            app,
            settings,
            readiness,
            metrics,
        }
    }
}

/// Whether browsers are told to come by TLS only (HSTS): outside of a developer's machine always, and wherever the public URL says
/// so. Not on `localhost`, where other things that a developer runs would become unreachable for a year.
fn is_https_only(settings: &Settings) -> bool {
    let url = &settings.public_url;
    let is_local = url.host_str().is_some_and(|host| host == "localhost" || host.ends_with(".localhost"));
    settings.environment.is_strict() || (url.scheme() == "https" && !is_local)
}
