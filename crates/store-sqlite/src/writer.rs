//! The handle to the one writer connection, and the connection on loan. How loans and commits go is told in `coordinator`.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mainstay_store::{Error, Result};
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::sync::{mpsc, oneshot};

use crate::{coordinator::Coordinator, error::from_sqlx};

/// Most callers in the queue; more wait before it, within their own time-out.
const WAITING_MAX: usize = 1024;

/// The handle to the coordinator.
pub(crate) struct Writer {
    requests: mpsc::Sender<Request>,
    acquire_timeout: Duration,
    idle: Arc<AtomicBool>,
}

pub(crate) enum Request {
    Begin(Waiter),
    Close(oneshot::Sender<()>),
}

pub(crate) type Waiter = oneshot::Sender<Result<Lease>>;
/// Told once the changes are on disk, or lost.
pub(crate) type Answer = oneshot::Sender<Result<()>>;
/// Where the connection lies between two statements, so that the coordinator can take it back from who forgot it.
pub(crate) type Slot = Arc<Mutex<Option<SqliteConnection>>>;

/// The writer connection on loan, inside of an open transaction or savepoint.
pub(crate) struct Lease {
    slot: Slot,
    /// Here while a statement runs.
    connection: Option<SqliteConnection>,
    home: Option<oneshot::Sender<Returned>>,
}

/// The connection comes home.
pub(crate) struct Returned {
    pub(crate) connection: SqliteConnection,
    /// Whom to tell about the commit; none asks for a rollback.
    pub(crate) commit: Option<Answer>,
}

impl Writer {
    /// Opens the connection. The coordinator runs on the present runtime until the store is closed or dropped.
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        acquire_timeout: Duration,
        hold_timeout: Duration,
    ) -> Result<Self> {
        let connection = options.connect().await.map_err(from_sqlx)?;
        let (requests, queue) = mpsc::channel(WAITING_MAX);
        let idle = Arc::new(AtomicBool::new(true));
        let coordinator = Coordinator::new(options, queue, hold_timeout, Arc::clone(&idle));
        tokio::spawn(coordinator.run(connection));
        Ok(Self { requests, acquire_timeout, idle })
    }

    pub(crate) async fn begin(&self) -> Result<Lease> {
        let (waiter, granted) = oneshot::channel();
        let wait = async {
            self.requests.send(Request::Begin(waiter)).await.map_err(|_| closed())?;
            granted.await.map_err(|_| closed())?
        };
        tokio::time::timeout(self.acquire_timeout, wait)
            .await
            .map_err(|_| Error::Unavailable("the writer did not come free in time".to_owned()))?
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed)
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.requests.is_closed()
    }

    /// Commits what is pending and closes the connection.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.requests.send(Request::Close(done)).await.is_ok() {
            // An error means that the coordinator has ended already.
            let _ = closed.await;
        }
    }
}

impl Lease {
    pub(crate) fn new(connection: SqliteConnection, home: oneshot::Sender<Returned>) -> (Self, Slot) {
        let slot = Arc::new(Mutex::new(Some(connection)));
        (Self { slot: Arc::clone(&slot), connection: None, home: Some(home) }, slot)
    }

    /// Picks the connection up for a statement.
    pub(crate) fn pick_up(&mut self) -> Result<&mut SqliteConnection> {
        if self.connection.is_none() {
            self.connection = take(&self.slot);
        }
        self.connection.as_mut().ok_or_else(held_too_long)
    }

    /// Lays it down after a statement.
    pub(crate) fn lay_down(&mut self) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = self.connection.take();
    }

    /// Hands the connection back and waits for the physical commit.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let (answer, committed) = oneshot::channel();
        if !self.give_back(Some(answer)) {
            return Err(held_too_long());
        }
        committed.await.map_err(|_| closed())?
    }

    /// Never blocks. Answers false when the coordinator has taken the connection back already.
    fn give_back(&mut self, commit: Option<Answer>) -> bool {
        let connection = self.connection.take().or_else(|| take(&self.slot));
        match (connection, self.home.take()) {
            // When nobody listens any more the runtime is going down, and the connection with what it holds is dropped.
            (Some(connection), Some(home)) => home.send(Returned { connection, commit }).is_ok(),
            _ => false,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(None);
    }
}

pub(crate) fn take(slot: &Slot) -> Option<SqliteConnection> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn closed() -> Error {
    Error::Unavailable("the database was closed".to_owned())
}

fn held_too_long() -> Error {
    Error::Unavailable("the transaction kept the writer for too long and was rolled back".to_owned())
}
