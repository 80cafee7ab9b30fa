//! The handle to the one writer connection, and the connection on loan. How loans and commits go is told in `coordinator`.

use std::{
    sync::{
        Arc, Mutex, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    thread,
    time::Duration,
};

use mainstay_store::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use crate::{
    checkpoint::Checkpoints, connection::Connection, coordinator::Coordinator, options::ConnectionOptions,
};

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
pub(crate) type Slot = Arc<Mutex<Option<Connection>>>;

/// The writer connection on loan, inside of an open transaction or savepoint.
pub(crate) struct Lease {
    slot: Slot,
    home: Option<SyncSender<Returned>>,
}

/// The connection comes home.
pub(crate) struct Returned {
    pub(crate) connection: Connection,
    /// Whom to tell about the commit; none asks for a rollback.
    pub(crate) commit: Option<Answer>,
}

impl Writer {
    /// Opens the connection. The coordinator has a thread of its own until the store is closed or dropped.
    pub(crate) async fn open(
        options: ConnectionOptions,
        checkpoints: Checkpoints,
        acquire_timeout: Duration,
        hold_timeout: Duration,
    ) -> Result<Self> {
        let (requests, queue) = mpsc::channel(WAITING_MAX);
        let (opened, outcome) = oneshot::channel();
        let idle = Arc::new(AtomicBool::new(true));
        let coordinator =
            Coordinator::new(options.clone(), checkpoints, queue, hold_timeout, Arc::clone(&idle));
        let run = move || match options.open() {
            Ok(connection) => {
                if opened.send(Ok(())).is_ok() {
                    coordinator.run(connection);
                }
            }
            Err(error) => drop(opened.send(Err(error))),
        };
        let no_thread = |error| Error::Unavailable(format!("the writer has no thread: {error}"));
        thread::Builder::new().name("sqlite-writer".to_owned()).spawn(run).map_err(no_thread)?;
        outcome.await.map_err(|_| closed())??;
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
    pub(crate) fn new(connection: Connection, home: SyncSender<Returned>) -> (Self, Slot) {
        let slot = Arc::new(Mutex::new(Some(connection)));
        (Self { slot: Arc::clone(&slot), home: Some(home) }, slot)
    }

    /// Works with the connection.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        // Held meanwhile, so that nobody takes the connection away in the middle of a statement.
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().ok_or_else(held_too_long).and_then(work)
    }

    /// Hands the connection back and waits for the physical commit.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let (answer, committed) = oneshot::channel();
        if !self.give_back(Some(answer)) {
            return Err(held_too_long());
        }
        // Only a fault of ours leaves it without an answer.
        committed.await.map_err(|_| Error::Uncertain("the commit was not answered".to_owned()))?
    }

    /// Never blocks. Answers false when the coordinator has taken the connection back already.
    fn give_back(&mut self, commit: Option<Answer>) -> bool {
        match (take(&self.slot), self.home.take()) {
            // There is room for this one.
            (Some(connection), Some(home)) => home.try_send(Returned { connection, commit }).is_ok(),
            _ => false,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(None);
    }
}

fn take(slot: &Slot) -> Option<Connection> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Takes the connection away from who forgot it, but not in the middle of a statement.
pub(crate) fn take_idle(slot: &Slot) -> Option<Connection> {
    match slot.try_lock() {
        Ok(mut slot) => slot.take(),
        Err(TryLockError::Poisoned(slot)) => slot.into_inner().take(),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn closed() -> Error {
    Error::Unavailable("the database was closed".to_owned())
}

fn held_too_long() -> Error {
    Error::Unavailable("the transaction kept the writer for too long and was rolled back".to_owned())
}
