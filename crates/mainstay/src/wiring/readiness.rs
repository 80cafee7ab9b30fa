//! What `/ready` shows: every dependency is asked once a second in the background, so that the answer never waits for one that
//! gives none (CFG-5).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use mainstay_http::{Check, CheckState, Readiness};
use mainstay_services::App;
use mainstay_store::SchemaState;
use parking_lot::RwLock;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often each dependency is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// A finding older than this is no finding: the prober itself is stuck.
const STALE: Duration = Duration::from_secs(10);

/// What came of a question: in what state it is, nothing when it is not configured, or what is wrong.
type Outcome = Result<Option<String>, String>;

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
        let (database, schema, redis) = tokio::join!(self.database(), self.schema(), self.redis());
        let (database, migrations) = of_the_database(database, schema);
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

    async fn database(&self) -> Outcome {
        match timeout(PATIENCE, self.app.store.ping()).await {
            Ok(Ok(())) => Ok(Some(self.app.store.engine().to_owned())),
            Ok(Err(_)) => Err("the database does not answer".to_owned()),
            Err(_) => Err("the database gave no answer in time".to_owned()),
        }
    }

    /// The schema; nothing when it could not be read.
    async fn schema(&self) -> Option<SchemaState> {
        timeout(PATIENCE, self.app.store.schema_state()).await.ok()?.ok()
    }

    async fn redis(&self) -> Outcome {
        if !self.has_redis {
            return Ok(None);
        }
        match timeout(PATIENCE, self.app.ports.limiter.ping()).await {
            Ok(Ok(())) => Ok(Some("answers".to_owned())),
            Ok(Err(_)) | Err(_) => Err("Redis does not answer".to_owned()),
        }
    }

    fn key_ring(&self) -> Outcome {
        let state = mainstay_services::sessions::keys::state(&self.app);
        match state.active_kid {
            Some(kid) => Ok(Some(format!("signing with {kid}"))),
            None => Err("there is no key to sign with".to_owned()),
        }
    }
}

/// What the two questions to the database come to. It may go away between them: one whose schema can't be read is away, whatever it
/// answered a moment before.
fn of_the_database(answer: Outcome, schema: Option<SchemaState>) -> (Outcome, Outcome) {
    match schema {
        None => {
            let database = answer.and_then(|_| Err("the database gave no answer in time".to_owned()));
            (database, Err("the schema could not be read".to_owned()))
        }
        Some(schema) if schema.is_current() => {
            let newest = schema.migrations.last().map_or(0, |last| last.version);
            (answer, Ok(Some(format!("version {newest}"))))
        }
        Some(_) => (answer, Err("the schema is not this version's".to_owned())),
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

#[cfg(test)]
mod tests {
    use mainstay_store::MigrationState;

    use super::*;

    fn well() -> Outcome {
        Ok(Some("postgresql".to_owned()))
    }

    #[test]
    fn cfg_5_a_database_whose_schema_can_not_be_read_is_away() {
        let (database, migrations) = of_the_database(well(), None);
        assert!(database.is_err() && migrations.is_err());
        let (database, _) = of_the_database(Err("the database does not answer".to_owned()), None);
        assert_eq!(database, Err("the database does not answer".to_owned()));
    }

    #[test]
    fn cfg_5_a_schema_of_another_version_is_no_fault_of_the_database() {
        let missing = MigrationState { version: 1, name: "first".to_owned(), applied: false, known: true };
        let (database, migrations) = of_the_database(well(), Some(SchemaState { migrations: vec![missing] }));
        assert!(migrations.is_err());
        assert_eq!(database, well());
    }
}
