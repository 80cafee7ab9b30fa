//! The connections: opened as they are needed, kept for a while, and handed on without a word to the server.
//!
//! SQLx's own pool asks a connection whether it is alive whenever one is given back: a round trip for each transaction. Here
//! one that ended its work in order goes straight to the next caller, and only what was left open (a dropped transaction, an
//! abandoned statement) is rolled back first, in a task of its own, so that dropping never blocks. A connection that failed or
//! did not answer is thrown away.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use mainstay_store::{Error, PoolState, Result};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgConnection},
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::{error::from_sqlx, pulse::Pulse};

/// A connection that was idle for longer is asked whether it is still alive before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);
/// How long such a question may take.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections are closed when nobody needed them for so long, and renewed after so long, to follow a moved address.
const IDLE_MAX: Duration = Duration::from_secs(300);
const AGE_MAX: Duration = Duration::from_secs(1800);

pub(crate) struct Pool {
    shared: Arc<Shared>,
    /// One for each connection that may be open; who holds one may take an idle connection or open another.
    permits: Arc<Semaphore>,
    acquire_timeout: Duration,
}

pub(crate) struct PoolOptions {
    pub(crate) connection: PgConnectOptions,
    pub(crate) pulse: Pulse,
    /// What every new session is told first.
    pub(crate) session: Option<String>,
    pub(crate) max: u32,
    pub(crate) acquire_timeout: Duration,
    /// How long the server may take to undo what was left open.
    pub(crate) rollback_timeout: Duration,
}

struct Shared {
    options: PgConnectOptions,
    session: Option<String>,
    rollback_timeout: Duration,
    pulse: Arc<Pulse>,
    idle: Mutex<Vec<Pooled>>,
    open: AtomicU32,
    max: u32,
}

struct Pooled {
    connection: PgConnection,
    opened: Instant,
    used: Instant,
}

/// What is not at its end on a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    Nothing,
    /// A statement's answer.
    Answer,
    /// A transaction, and maybe an answer in it.
    Transaction,
}

/// A connection on loan.
pub(crate) struct Loan {
    pooled: Option<Pooled>,
    /// What must be ended before anybody else may have the connection.
    pub(crate) open: Open,
    /// It is with the task that ends what was left open. When that is dropped, the runtime is going down and takes no other.
    is_finishing: bool,
    shared: Arc<Shared>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(crate) fn new(options: PoolOptions) -> Self {
        let max = options.max.max(1);
        let shared = Shared {
            options: options.connection,
            session: options.session,
            rollback_timeout: options.rollback_timeout,
            pulse: Arc::new(options.pulse),
            idle: Mutex::default(),
            open: AtomicU32::new(0),
            max,
        };
        Self {
            shared: Arc::new(shared),
            permits: Arc::new(Semaphore::new(max as usize)),
            acquire_timeout: options.acquire_timeout,
        }
    }

    pub(crate) async fn acquire(&self) -> Result<Loan> {
        self.shared.pulse.check()?;
        self.shared.pulse.wait(self.acquire_timeout, self.acquire_unbounded()).await?
    }

    async fn acquire_unbounded(&self) -> Result<Loan> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::Unavailable("the database was closed".to_owned()))?;
        let shared = Arc::clone(&self.shared);
        let mut loan =
            Loan { pooled: None, open: Open::Nothing, is_finishing: false, shared, permit: Some(permit) };
        while let Some(idle) = self.shared.pop() {
            loan.pooled = Some(idle);
            if loan.is_alive().await {
                return Ok(loan);
            }
            loan.discard();
        }
        let connection = self.shared.connect().await.map_err(from_sqlx)?;
        let now = Instant::now();
        self.shared.open.fetch_add(1, Ordering::Relaxed);
        loan.pooled = Some(Pooled { connection, opened: now, used: now });
        Ok(loan)
    }

    pub(crate) fn state(&self) -> PoolState {
        PoolState {
            open: self.shared.open.load(Ordering::Relaxed),
            idle: u32::try_from(self.shared.idle().len()).unwrap_or(u32::MAX),
            max: self.shared.max,
        }
    }

    /// Waits for loans to come back and closes every connection.
    pub(crate) async fn close(&self) {
        if let Ok(_all) = self.permits.acquire_many(self.shared.max).await {
            self.permits.close();
        }
        while let Some(idle) = self.shared.pop() {
            // What can't be closed in order is closed by dropping it.
            let _ = tokio::time::timeout(PING_TIMEOUT, idle.connection.close()).await;
            self.shared.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Pooled>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last: it is the warmest, and the others may grow old.
    fn pop(&self) -> Option<Pooled> {
        self.idle().pop()
    }

    fn push(&self, mut pooled: Pooled) {
        pooled.used = Instant::now();
        let mut idle = self.idle();
        idle.push(pooled);
        let unneeded = idle.first().is_some_and(|oldest| oldest.used.elapsed() > IDLE_MAX);
        let unneeded = unneeded.then(|| idle.remove(0));
        drop(idle);
        if unneeded.is_some() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut connection = self.options.connect().await?;
        if let Some(session) = &self.session {
            sqlx::raw_sql(AssertSqlSafe(session.as_str())).execute(&mut connection).await?;
        }
        Ok(connection)
    }
}

impl Loan {
    /// What tells whether waiting for an answer is in vain.
    pub(crate) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.shared.pulse)
    }

    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection> {
        match self.pooled.as_mut() {
            Some(pooled) => Ok(&mut pooled.connection),
            None => Err(Error::Unavailable("the connection is gone".to_owned())),
        }
    }

    /// Gives the connection up, because it failed.
    pub(crate) fn discard(&mut self) {
        if self.pooled.take().is_some() {
            self.shared.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn is_alive(&mut self) -> bool {
        let Some(pooled) = self.pooled.as_mut() else { return false };
        if pooled.opened.elapsed() > AGE_MAX {
            return false;
        }
        pooled.used.elapsed() <= TRUSTED_IDLE
            || matches!(tokio::time::timeout(PING_TIMEOUT, pooled.connection.ping()).await, Ok(Ok(())))
    }

    /// Ends what was left open. SQLx first reads the rest of an answer that nobody waited for.
    async fn finish(mut self) {
        let (open, timeout, pulse) =
            (self.open, self.shared.rollback_timeout, Arc::clone(&self.shared.pulse));
        let Ok(connection) = self.connection() else { return };
        let end = async {
            match open {
                Open::Transaction => sqlx::raw_sql("ROLLBACK").execute(connection).await.map(drop),
                Open::Answer | Open::Nothing => connection.ping().await,
            }
        };
        if matches!(pulse.wait(timeout, end).await, Ok(Ok(()))) {
            self.open = Open::Nothing;
        } else {
            self.discard();
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(pooled) = self.pooled.take() else { return };
        if self.open == Open::Nothing {
            self.shared.push(pooled);
            return;
        }
        let mut loan = Self {
            pooled: Some(pooled),
            open: self.open,
            is_finishing: true,
            shared: Arc::clone(&self.shared),
            permit: self.permit.take(),
        };
        match Handle::try_current() {
            Ok(runtime) if !self.is_finishing => drop(runtime.spawn(loan.finish())),
            // Nobody is left to speak to the server; it rolls back when the connection closes.
            _ => loan.discard(),
        }
    }
}
