//! Puts the application together from the configuration: engine, ports, capabilities, keys.

mod capabilities;
mod encryption_key;
mod ports;
mod readiness;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use mainstay_model::audit::Actor;
use mainstay_services::{
    App, RequestContext, Settings, crypto::Sealer, settings::Environment, webhooks::Sources,
};
use mainstay_store::Store;
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use secrecy::ExposeSecret;

pub(crate) use self::{ports::Wired, readiness::Probes};
use crate::config::Config;

/// Something in the configuration that only shows when it is used, such as a key that is no key.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {problem}")]
pub(crate) struct Misconfigured {
    /// Which variable.
    pub variable: &'static str,
    /// What is wrong; never the value of a secret.
    pub problem: String,
}

/// Leaves guards out before anything is served, and says so.
#[cfg(feature = "sabotage")]
pub(crate) fn leave_guards_out(config: &Config) {
    use mainstay_services::sabotage;

    sabotage::switch_off(config.sabotage.iter().copied());
    tracing::warn!(
        event = "sabotaged",
        guards = ?sabotage::off(),
        "THIS BUILD IS FOR THE GATE'S SELF-TEST: its guards can be left out, and those named here are"
    );
}

/// Opens the configured database; the schema is not looked at.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let url = config.database_url.as_ref().map(ExposeSecret::expose_secret);
    match url {
        Some(url) if url.starts_with("postgres") => {
            let mut options = PostgresOptions::new(url);
            options.max_connections = config.database_connections_max;
            options.pooled = config.database_pooler;
            options.roots_pem = config.roots.as_ref().map(|roots| roots.pem().to_vec());
            let store = PostgresStore::connect(options).await.context("PostgreSQL could not be opened")?;
            Ok(Arc::new(store))
        }
        other => {
            let path = database_file(config, other);
            let store = SqliteStore::open(SqliteOptions::new(&path))
                .await
                .with_context(|| format!("the database file {} could not be opened", path.display()))?;
            Ok(Arc::new(store))
        }
    }
}

/// Where SQLite's database is.
fn database_file(config: &Config, url: Option<&str>) -> PathBuf {
    url.and_then(|url| url.strip_prefix("sqlite:"))
        .map_or_else(|| config.data_dir.join("mainstay.db"), PathBuf::from)
}

/// That there is a database at all: a command that works on one does not make an empty one where a path was mistyped.
fn require_database(config: &Config) -> anyhow::Result<()> {
    let url = config.database_url.as_ref().map(ExposeSecret::expose_secret);
    if url.is_some_and(|url| url.starts_with("postgres")) {
        return Ok(());
    }
    let file = database_file(config, url);
    if !file.exists() {
        bail!(
            "there is no database at {}: look at MAINSTAY_DATA_DIR and DATABASE_URL, or make a new one with `mainstay migrate`",
            file.display()
        );
    }
    Ok(())
}

/// Refuses a schema that is not exactly this binary's.
pub(crate) async fn require_current_schema(store: &dyn Store) -> anyhow::Result<()> {
    let state = store.schema_state().await.context("the schema could not be read")?;
    let unknown = state.unknown();
    if !unknown.is_empty() {
        bail!(
            "the database has migrations {unknown:?}, which this version does not know: it was migrated by a newer mainstay. \
             Run that version, or restore a back-up from before."
        );
    }
    let pending = state.pending();
    if !pending.is_empty() {
        bail!("the database lacks migrations {pending:?}: run `mainstay migrate` first");
    }
    Ok(())
}

/// The settings of the use cases.
pub(crate) fn settings(config: &Config) -> Settings {
    let mut settings = Settings::dev(config.public_url.clone());
    settings.environment = config.environment;
    settings.rp_id.clone_from(&config.rp_id);
    settings.rp_origins.clone_from(&config.rp_origins);
    settings.product_name.clone_from(&config.product_name);
    settings.audit_kept = config.audit_kept;
    settings.points_valid_days = config.points_valid_days;
    settings.webhook_bodies_kept = config.webhook_bodies_kept;
    settings.webhook_sources = Sources::new(config.webhook_sources.iter().cloned());
    settings.test_auth.clone_from(&config.test_auth);
    settings
}

/// The application on an open store with a current schema, and what only the server needs beside it.
pub(crate) async fn application(config: &Config, store: Arc<dyn Store>) -> anyhow::Result<(Arc<App>, Wired)> {
    let key = encryption_key::current(config)?;
    let earlier: Vec<_> = config.token_encryption_keys_earlier.iter().map(|key| key.0).collect();
    let (ports, wired) = ports::connect(config).await?;
    let capabilities = capabilities::of(config);
    let app = App::start(settings(config), capabilities, store, ports, Sealer::new(key.0, &earlier)).await?;
    Ok((app, wired))
}

/// The application for one command: the same, and the schema must be current.
pub(crate) async fn app_for_command(config: &Config) -> anyhow::Result<Arc<App>> {
    require_database(config)?;
    let store = open_store(config).await?;
    require_current_schema(&*store).await?;
    Ok(application(config, store).await?.0)
}

/// The circumstances of a command.
pub(crate) fn command_context() -> RequestContext {
    RequestContext {
        request_id: format!("cli-{}", std::process::id()),
        agent: "mainstay command line".to_owned(),
        ..RequestContext::none()
    }
}

/// Who runs the command, as the operating system calls them.
pub(crate) fn command_actor() -> Actor {
    // Not a setting: it only names the person in the audit trail.
    #[allow(clippy::disallowed_methods)]
    let user = std::env::var("USER").unwrap_or_default();
    let user: String =
        user.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(32).collect();
    Actor::Operator(if user.is_empty() { "unknown".to_owned() } else { user })
}

/// Whether the conveniences of a developer's machine hold.
pub(crate) const fn is_dev(config: &Config) -> bool {
    matches!(config.environment, Environment::Dev)
}
