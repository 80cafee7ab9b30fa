//! Starts and stops the listeners.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer,
    body::BoxBody,
    dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse},
    http::KeepAlive,
    web,
};
use mainstay_services::{self as services, sabotage};
use tokio::task::JoinHandle;

use crate::{
    edge::Guard,
    readiness::Readiness,
    routes::{self, health::METRICS_TYPE, studio},
    settings::HttpSettings,
    state::{Edge, MetricsHook},
};

const KEEP_ALIVE: Duration = Duration::from_secs(75);
const BACKLOG: u32 = 1024;

/// A running server.
pub struct Running {
    /// Where everybody is served, with the ports that were free for port 0.
    pub addresses: Vec<SocketAddr>,
    /// Where the metrics are served.
    pub metrics_addresses: Vec<SocketAddr>,
    handles: Vec<ServerHandle>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Stops listening, lets running requests finish within the shutdown time-out, and waits until all is quiet.
    ///
    /// # Errors
    /// When a listener had failed.
    pub async fn stop(self) -> io::Result<()> {
        futures::future::join_all(self.handles.iter().map(|handle| handle.stop(true))).await;
        self.task.await.map_err(io::Error::other)?
    }

    /// Waits until the server ends by itself, which it only does when a listener fails.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn finished(&mut self) -> io::Result<()> {
        (&mut self.task).await.map_err(io::Error::other)?
    }
}

/// Binds the listeners and serves from then on. Must be called within a Tokio runtime, after the metrics recorder was installed.
///
/// # Errors
/// When an address can't be bound.
pub fn serve(
    app: Arc<services::App>,
    settings: HttpSettings,
    readiness: Arc<dyn Readiness>,
    metrics: MetricsHook,
) -> io::Result<Running> {
    let edge = Arc::new(Edge::new(app, settings, readiness, Arc::clone(&metrics)));
    let settings = &edge.settings;
    let workers = settings.workers.max(1);
    let shutdown_s = settings.shutdown_timeout.as_secs();
    // Zero means for ever.
    let is_patient = sabotage::is_off(sabotage::Guard::HeaderTimeout);
    let header_timeout = if is_patient { Duration::ZERO } else { settings.header_timeout };

    let shared = Arc::clone(&edge);
    let mut server = HttpServer::new(move || application(Arc::clone(&shared)))
        .workers(workers)
        .max_connections(settings.connections_max.div_ceil(workers).max(1))
        .backlog(BACKLOG)
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        .client_request_timeout(header_timeout)
        .tcp_nodelay(true)
        .shutdown_timeout(shutdown_s)
        .disable_signals();
    for address in &settings.listen {
        server = server.bind(address)?;
    }
    let addresses = server.addrs();

    let server = server.run();
    let mut handles = vec![server.handle()];
    if settings.metrics_listen.is_empty() {
        return Ok(Running { addresses, metrics_addresses: Vec::new(), handles, task: tokio::spawn(server) });
    }

    let mut internal = HttpServer::new(move || metrics_application(Arc::clone(&metrics)))
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals();
    for address in &settings.metrics_listen {
        internal = internal.bind(address)?;
    }
    let metrics_addresses = internal.addrs();
    let internal = internal.run();
    handles.push(internal.handle());
    let task = tokio::spawn(async move { futures::future::try_join(server, internal).await.map(|_| ()) });
    Ok(Running { addresses, metrics_addresses, handles, task })
}

/// The guarded application of one worker.
fn application(
    edge: Arc<Edge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::from(Arc::clone(&edge)))
        .configure(routes::configure)
        .default_service(web::to(studio::serve))
        .wrap(Guard(edge))
}

/// The internal listener knows one path and needs no guard: the network is its guard.
fn metrics_application(
    metrics: MetricsHook,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new().default_service(web::to(move |request: actix_web::HttpRequest| {
        let metrics = Arc::clone(&metrics);
        async move {
            if request.path() == "/metrics" {
                HttpResponse::Ok().content_type(METRICS_TYPE).body(metrics())
            } else {
                HttpResponse::NotFound().finish()
            }
        }
    }))
}
