//! What `/ready` shows: every dependency is asked once a second in the background, so that the answer never waits for one that
//! gives none (CFG-5).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use mainstay_http::{Check, CheckState, Readiness};
use mainstay_services::App;
use parking_lot::RwLock;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often each dependency is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// A finding older than this is no finding: the prober itself is stuck.
const STALE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Finding {
    name: &'static str,
    state: CheckState,
    detail: String,
    at: Instant,
}

/// The findings, and how to make new ones.
pub(crate) struct Probes {
    app: Arc<App>,
    has_redis: bool,
    findings: RwLock<Vec<Finding>>,
    stopping: CancellationToken,
}

impl Probes {
    /// Asks everything for the first time and then every second until told to stop.
    pub(crate) async fn start(app: Arc<App>, has_redis: bool, stopping: CancellationToken) -> Arc<Self> {
        let probes = Arc::new(Self { app, has_redis, findings: RwLock::default(), stopping });
        probes.probe().await;
        let looping = Arc::clone(&probes);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while looping.stopping.run_until_cancelled(ticks.tick()).await.is_some() {
                looping.probe().await;
            }
        });
        probes
    }

    async fn probe(&self) {
        let (database, migrations, redis) = tokio::join!(self.database(), self.migrations(), self.redis());
        let now = Instant::now();
        let findings = [
            ("configuration", Ok(Some("valid".to_owned()))),
            ("database", database),
            ("migrations", migrations),
            ("redis", redis),
            ("object_store", Ok(None)),
            ("key_ring", self.key_ring()),
        ];
        let findings: Vec<_> = findings
            .into_iter()
            .map(|(name, outcome)| {
                let (state, detail) = match outcome {
                    Ok(Some(detail)) => (CheckState::Ok, detail),
                    Ok(None) => (CheckState::Disabled, "not configured".to_owned()),
                    Err(detail) => (CheckState::Failed, detail),
                };
                metrics::gauge!("mainstay_ready", "check" => name).set(if state == CheckState::Failed {
                    0.0
                } else {
                    1.0
                });
                Finding { name, state, detail, at: now }
            })
            .collect();
        self.log_changes(&findings);
        *self.findings.write() = findings;
        let pool = self.app.store.pool_state();
        metrics::gauge!("mainstay_db_connections", "state" => "open").set(pool.open);
        metrics::gauge!("mainstay_db_connections", "state" => "idle").set(pool.idle);
        metrics::gauge!("mainstay_db_connections", "state" => "max").set(pool.max);
    }

    fn log_changes(&self, new: &[Finding]) {
        for (old, new) in self.findings.read().iter().zip(new) {
            if old.state != new.state {
                tracing::warn!(event = "readiness_changed", check = new.name, state = new.state.as_str());
            }
        }
    }

    async fn database(&self) -> Result<Option<String>, String> {
        match timeout(PATIENCE, self.app.store.ping()).await {
            Ok(Ok(())) => Ok(Some(self.app.store.engine().to_owned())),
            Ok(Err(_)) => Err("the database does not answer".to_owned()),
            Err(_) => Err("the database gave no answer in time".to_owned()),
        }
    }

    async fn migrations(&self) -> Result<Option<String>, String> {
        match timeout(PATIENCE, self.app.store.schema_state()).await {
            Ok(Ok(state)) if state.is_current() => {
                Ok(Some(format!("version {}", state.migrations.last().map_or(0, |last| last.version))))
            }
            Ok(Ok(_)) => Err("the schema is not this version's".to_owned()),
            Ok(Err(_)) | Err(_) => Err("the schema could not be read".to_owned()),
        }
    }

    async fn redis(&self) -> Result<Option<String>, String> {
        if !self.has_redis {
            return Ok(None);
        }
        match timeout(PATIENCE, self.app.ports.limiter.ping()).await {
            Ok(Ok(())) => Ok(Some("answers".to_owned())),
            Ok(Err(_)) | Err(_) => Err("Redis does not answer".to_owned()),
        }
    }

    fn key_ring(&self) -> Result<Option<String>, String> {
        let state = mainstay_services::sessions::keys::state(&self.app);
        match state.active_kid {
            Some(kid) => Ok(Some(format!("signing with {kid}"))),
            None => Err("there is no key to sign with".to_owned()),
        }
    }
}

#[async_trait]
impl Readiness for Probes {
    async fn checks(&self) -> Vec<Check> {
        let mut checks: Vec<_> = self
            .findings
            .read()
            .iter()
            .map(|finding| {
                let age = finding.at.elapsed();
                let stale = age > STALE;
                Check {
                    name: finding.name,
                    state: if stale { CheckState::Failed } else { finding.state },
                    detail: if stale { "not asked for too long".to_owned() } else { finding.detail.clone() },
                    age,
                }
            })
            .collect();
        if self.stopping.is_cancelled() {
            checks.push(Check {
                name: "shutdown",
                state: CheckState::Failed,
                detail: "the server is stopping".to_owned(),
                age: Duration::ZERO,
            });
        }
        checks
    }
}
