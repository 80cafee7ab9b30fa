//! The read connections: opened as they are needed, kept, and never able to write (`query_only`).
//!
//! A stack and a semaphore: no statement outlives the call that runs it, so a connection that is given back is ready at once.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mainstay_store::{Error, PoolState, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{connection::Connection, options::ConnectionOptions};

/// A snapshot begins with its first read, so opening one reads one page.
const BEGIN_SNAPSHOT: &str = "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1";

pub(crate) struct Readers {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    acquire_timeout: Duration,
}

struct Shared {
    options: ConnectionOptions,
    idle: Mutex<Vec<Connection>>,
    open: AtomicU32,
    max: u32,
}

/// A read connection on loan.
pub(crate) struct Reader {
    connection: Option<Connection>,
    in_snapshot: bool,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(crate) fn new(options: ConnectionOptions, max: u32, acquire_timeout: Duration) -> Self {
        let max = max.max(1);
        let shared = Shared { options, idle: Mutex::default(), open: AtomicU32::new(0), max };
        Self { shared: Arc::new(shared), permits: Arc::new(Semaphore::new(max as usize)), acquire_timeout }
    }

    pub(crate) async fn acquire(&self, snapshot: bool) -> Result<Reader> {
        let permits = Arc::clone(&self.permits);
        let permit = match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.acquire_timeout, permits.acquire_owned())
                .await
                .map_err(|_| Error::Unavailable("no read connection came free in time".to_owned()))?
                .map_err(|_| Error::Unavailable("the database was closed".to_owned()))?,
        };
        let idle = self.shared.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let options = self.shared.options.clone();
                let connection = tokio::task::spawn_blocking(move || options.open())
                    .await
                    .map_err(|_| Error::Unavailable("the database could not be opened".to_owned()))??;
                self.shared.open.fetch_add(1, Ordering::Relaxed);
                connection
            }
        };
        let reader = Reader {
            connection: Some(connection),
            in_snapshot: snapshot,
            shared: Arc::clone(&self.shared),
            _permit: permit,
        };
        if snapshot {
            reader.connection()?.run(BEGIN_SNAPSHOT)?;
        }
        Ok(reader)
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
        let idle = std::mem::take(&mut *self.shared.idle());
        for connection in idle {
            // A connection that can't be closed in order is closed by the operating system.
            let _ = connection.close();
        }
        self.shared.open.store(0, Ordering::Relaxed);
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    pub(crate) fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::Unavailable("the connection is gone".to_owned()))
    }

    /// Gives the connection up, because its thread or its file is broken.
    pub(crate) fn discard(&mut self) {
        if self.connection.take().is_some() {
            self.shared.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A lingering snapshot would answer the next reader with old rows and keep the log from being reused.
        if self.in_snapshot && connection.run("ROLLBACK").is_err() {
            self.shared.open.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        self.shared.idle().push(connection);
    }
}
