//! The store: a pool of connections, and the words that open a transaction on one of them.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use mainstay_store::{Access, Error, PoolState, Result, SchemaState, Store, Tx as AnyTx};
use sqlx::postgres::PgConnectOptions;

use crate::{
    migrate,
    options::PostgresOptions,
    pool::{Pool, PoolOptions},
    probe,
    pulse::Pulse,
    tx::Tx,
    value::query,
};

/// How much longer than the server's own bound to wait for an answer, before the connection counts as dead.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// A PostgreSQL database.
pub struct PostgresStore {
    connection: PgConnectOptions,
    pool: Pool,
    pooled: bool,
    begin: Begin,
    answer_timeout: Duration,
}

/// What opens a transaction, by access. In a session of our own the bounds are set once; behind a pooler nothing lasts longer
/// than a transaction, so each sets its own in the same round trip.
struct Begin {
    read: String,
    snapshot: String,
    write: String,
}

impl PostgresStore {
    /// Connects, and finds out whether a pooler is in between unless the options tell. The schema is not touched: see
    /// [`Store::migrate`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server can't be reached or refuses; [`Error::Failed`] when the URL can't be read.
    pub async fn connect(options: PostgresOptions) -> Result<Self> {
        let pooled = match options.pooled {
            Some(pooled) => pooled,
            None => {
                tokio::time::timeout(options.acquire_timeout, probe::is_pooled(&options.connection(true)?))
                    .await
                    .map_err(|_| Error::Unavailable("the server did not answer in time".to_owned()))??
            }
        };
        let connection = options.connection(pooled)?;
        let answer_timeout = options.statement_timeout + ANSWER_GRACE;
        let pool = Pool::new(PoolOptions {
            connection: connection.clone(),
            pulse: Pulse::new(connection.clone(), options.patience, options.pulse_timeout),
            session: (!pooled).then(|| options.session()),
            max: options.max_connections,
            acquire_timeout: options.acquire_timeout,
            rollback_timeout: answer_timeout,
        });
        let begin = Begin::new(&options, pooled);
        let store = Self { connection, pool, pooled, begin, answer_timeout };
        store.ping().await?;
        Ok(store)
    }

    /// Whether a transaction pooler is between us and the server.
    #[must_use]
    pub const fn is_pooled(&self) -> bool {
        self.pooled
    }

    async fn begin_tx(&self, access: Access) -> Result<Tx> {
        let mut tx = Tx::new(access, self.pool.acquire().await?, self.pooled, self.answer_timeout);
        match access {
            Access::Read if !self.pooled => {}
            Access::Read => tx.begin(&self.begin.read).await?,
            Access::Snapshot => tx.begin(&self.begin.snapshot).await?,
            Access::Write => tx.begin(&self.begin.write).await?,
        }
        Ok(tx)
    }
}

impl Begin {
    fn new(options: &PostgresOptions, pooled: bool) -> Self {
        let bounds = if pooled { format!("; {}", options.bounds("SET LOCAL")) } else { String::new() };
        Self {
            read: format!("BEGIN READ ONLY{bounds}"),
            snapshot: format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY{bounds}"),
            write: format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE{bounds}"),
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self, access: Access) -> Result<Box<dyn AnyTx>> {
        let begun = Instant::now();
        let label = match access {
            Access::Read => "read",
            Access::Snapshot => "snapshot",
            Access::Write => "write",
        };
        let tx = self.begin_tx(access).await;
        metrics::histogram!("mainstay_db_acquire_seconds", "access" => label).record(begun.elapsed());
        Ok(Box::new(tx?))
    }

    async fn ping(&self) -> Result<()> {
        self.begin_tx(Access::Read).await?.one(query("SELECT true")).await.map(|_| ())
    }

    async fn schema_state(&self) -> Result<SchemaState> {
        migrate::state(self.begin_tx(Access::Read).await?.enter()?).await
    }

    async fn migrate(&self) -> Result<Vec<i64>> {
        migrate::migrate(&self.connection).await
    }

    fn pool_state(&self) -> PoolState {
        self.pool.state()
    }

    fn engine(&self) -> &'static str {
        "postgresql"
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
