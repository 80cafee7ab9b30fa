//! The store: a pool of connections, and the words that open a transaction on one of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use mainstay_store::{Access, Error, PoolState, Result, SchemaState, Store, Tx as AnyTx};
use sqlx::{
    AssertSqlSafe, Connection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use crate::{
    error::from_sqlx,
    migrate,
    options::PostgresOptions,
    probe,
    tx::{Link, Tx},
    value::query,
};

/// A connection that was idle for longer is asked whether it is still alive before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);
/// Connections are closed when nobody needed them for so long, and renewed after so long, to follow a moved address.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
const LIFETIME_MAX: Duration = Duration::from_secs(1800);

/// A PostgreSQL database.
pub struct PostgresStore {
    options: PostgresOptions,
    connection: PgConnectOptions,
    pool: PgPool,
    pooled: bool,
    begin: Begin,
}

/// What opens a transaction, by access. In a session of our own the bounds are set once; behind a pooler nothing lasts longer
/// than a transaction, so each sets its own in the same round trip.
struct Begin {
    read: Arc<str>,
    snapshot: Arc<str>,
    write: Arc<str>,
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
        let session = Arc::<str>::from(options.bounds("SET"));
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            .idle_timeout(IDLE_TIMEOUT)
            .max_lifetime(LIFETIME_MAX)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move { Ok(about.idle_for <= TRUSTED_IDLE || connection.ping().await.is_ok()) })
            })
            .after_connect(move |connection, _| {
                let session = Arc::clone(&session);
                Box::pin(async move {
                    if !pooled {
                        sqlx::raw_sql(AssertSqlSafe(session)).execute(connection).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(connection.clone())
            .await
            .map_err(from_sqlx)?;
        let begin = Begin::new(&options, pooled);
        Ok(Self { options, connection, pool, pooled, begin })
    }

    /// Whether a transaction pooler is between us and the server.
    #[must_use]
    pub const fn is_pooled(&self) -> bool {
        self.pooled
    }

    async fn begin_tx(&self, access: Access) -> Result<Tx> {
        let link = match access {
            Access::Read if !self.pooled => self.pool.acquire().await.map(Link::Single),
            Access::Read => self.begin_with(&self.begin.read).await,
            Access::Snapshot => self.begin_with(&self.begin.snapshot).await,
            Access::Write => self.begin_with(&self.begin.write).await,
        };
        Ok(Tx::new(access, link.map_err(from_sqlx)?, self.pooled, self.options.statement_timeout))
    }

    async fn begin_with(&self, statements: &Arc<str>) -> sqlx::Result<Link> {
        self.pool.begin_with(AssertSqlSafe(Arc::clone(statements))).await.map(Link::Transaction)
    }
}

impl Begin {
    fn new(options: &PostgresOptions, pooled: bool) -> Self {
        let bounds = if pooled { format!("; {}", options.bounds("SET LOCAL")) } else { String::new() };
        Self {
            read: format!("BEGIN READ ONLY{bounds}").into(),
            snapshot: format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY{bounds}").into(),
            write: format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE{bounds}").into(),
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
        PoolState {
            open: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
            max: self.pool.options().get_max_connections(),
        }
    }

    fn engine(&self) -> &'static str {
        "postgresql"
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
