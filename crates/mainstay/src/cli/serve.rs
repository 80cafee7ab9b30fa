//! `mainstay serve`: start everything, run until told to stop, stop in order.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use mainstay_http::{ClassLimits, HttpSettings, RateLimits};
use mainstay_providers::SystemRandom;
use mainstay_services::{events, jobs, refusals, retention, sessions, wallet, webhooks};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::Config,
    telemetry,
    wiring::{self, Probes},
};

pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    telemetry::start_logging(&config.log, config.log_format);
    #[cfg(feature = "sabotage")]
    wiring::leave_guards_out(&config);
    let metrics = telemetry::start_metrics()?;
    let store = wiring::open_store(&config).await?;
    if config.migrate_on_start {
        let unknown = store.schema_state().await?.unknown();
        // Never migrate what a newer version has changed already.
        if unknown.is_empty() {
            let applied = store.migrate().await.context("the migrations failed")?;
            if !applied.is_empty() {
                tracing::info!(event = "migrated", versions = ?applied);
            }
        }
    }
    wiring::require_current_schema(&*store).await?;
    let (app, wired) = wiring::application(&config, Arc::clone(&store)).await?;

    let stopping = CancellationToken::new();
    let probes = Probes::start(Arc::clone(&app), config.redis_url.is_some(), stopping.clone()).await;
    let background = TaskTracker::new();
    background.spawn(sessions::run_background(Arc::clone(&app), stopping.clone()));
    background.spawn(jobs::run_background(Arc::clone(&app), stopping.clone()));
    background.spawn(events::run_background(Arc::clone(&app), stopping.clone()));
    background.spawn(retention::run_background(Arc::clone(&app), stopping.clone()));
    background.spawn(webhooks::run_background(Arc::clone(&app), stopping.clone()));
    background.spawn(refusals::run_background(Arc::clone(&app), stopping.clone()));
    background.spawn(wallet::run_background(Arc::clone(&app), stopping.clone()));
    background.close();
    let upkeep = tokio::spawn(telemetry::upkeep(metrics.clone()));

    let render = Arc::new(move || metrics.render());
    let mut server = mainstay_http::serve(Arc::clone(&app), http_settings(&config)?, probes, render)
        .with_context(|| format!("could not listen on {}", config.listen))?;
    tracing::info!(
        event = "listening",
        addresses = ?server.addresses,
        metrics = ?server.metrics_addresses,
        environment = config.environment.as_str(),
        engine = store.engine(),
        public_url = %config.public_url,
        version = env!("CARGO_PKG_VERSION"),
    );

    tokio::task::spawn_blocking(SystemRandom::warm_up);

    tokio::select! {
        signalled = wait_for_signal() => signalled?,
        ended = server.finished() => {
            ended.context("a listener failed")?;
            anyhow::bail!("the listeners ended by themselves");
        }
    }
    tracing::info!(event = "stopping");
    // First unready, then no new connections, then what runs may finish, then the background, then the database.
    stopping.cancel();
    if let Err(error) = server.stop().await {
        tracing::warn!(event = "listener_failed", %error);
    }
    if tokio::time::timeout(config.shutdown, background.wait()).await.is_err() {
        tracing::warn!(event = "background_not_finished");
    }
    refusals::finish(&app).await;
    if let Some(bus) = wired.redis_bus {
        bus.stop().await;
    }
    upkeep.abort();
    if tokio::time::timeout(Duration::from_secs(5), store.close()).await.is_err() {
        tracing::warn!(event = "database_not_closed");
    }
    tracing::info!(event = "stopped");
    Ok(())
}

async fn wait_for_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn http_settings(config: &Config) -> anyhow::Result<HttpSettings> {
    let mut settings = HttpSettings::dev(config.listen);
    settings.metrics_listen = config.metrics_listen.into_iter().collect();
    settings.metrics_token.clone_from(&config.metrics_token);
    settings.allowed_origins.clone_from(&config.allowed_origins);
    settings.trusted_proxies = config
        .trusted_proxies
        .iter()
        .map(|text| text.parse().map_err(|_| anyhow::anyhow!("{text} is no network")))
        .collect::<Result<_, _>>()?;
    settings.api_bases = config.api_bases.iter().map(|base| base.parse()).collect::<Result<_, _>>()?;
    settings.secure_cookies = !config.insecure_cookies;
    settings.frontend_dir.clone_from(&config.serve_frontend_dir);
    if let Some(workers) = config.http_workers {
        settings.workers = workers;
    }
    settings.shutdown_timeout = config.shutdown;
    settings.rate_limits = rate_limits(config);
    Ok(settings)
}

fn rate_limits(config: &Config) -> RateLimits {
    let mut limits = RateLimits::default();
    for (class, address, account) in &config.rate_limits {
        let place = match class.as_str() {
            "auth" => &mut limits.auth,
            "read" => &mut limits.read,
            "write" => &mut limits.write,
            "webhook" => &mut limits.webhook,
            _ => &mut limits.public,
        };
        *place = ClassLimits::per_minute(*address, *account);
    }
    limits
}
