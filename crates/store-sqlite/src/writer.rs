//! The one writer connection, and how many transactions share one physical commit.
//!
//! A commit that waits for the disk takes far longer than the statements before it, so transactions that queue up while one
//! is written share the next. One task, the coordinator, owns the connection and is the only one to begin, to commit and to
//! roll back. It lends the connection to one caller after another:
//!
//! - The first of a group runs in the bare transaction, each later one in a savepoint of it.
//! - When a caller commits while others wait, its changes stay in the open transaction, its answer is kept, and the
//!   connection goes on to the next. When nobody waits, or the group is full or old, the coordinator commits physically and
//!   then answers every member of the group. So nobody is told "committed" before it is on disk, and a failed commit is told
//!   to everybody whose changes were in it.
//! - When a caller drops its transaction, the connection comes back all the same (sending it never blocks), only that savepoint
//!   is undone, and the group is committed as if the caller had not been there.
//!
//! Cancellation can't leave the connection in between: control statements run in the coordinator's task, which nobody
//! cancels, and a statement that a caller abandoned half way is finished by the connection's thread before the coordinator's
//! next one, because commands of one connection run in the order in which they were sent. A caller whose statement failed may
//! only roll back (see `tx`), so when SQLite had to give up the whole transaction (a full disk, say), the coordinator's next
//! control statement fails too, and everyone in the group hears of it.
//!
//! Another process may write to the same file: `BEGIN IMMEDIATE` takes the file's write lock first of all, so waiting happens
//! there, for the busy timeout, and never in the middle of a transaction that has read already.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use mainstay_store::{Error, Result};
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    error::{copy, from_sqlx},
    value::query,
};

/// Most transactions in one physical commit: bounds what a crash can undo of a group that is not answered yet.
const GROUP_TRANSACTIONS_MAX: usize = 64;
/// A group that is older commits although others wait, so that its first member does not pay for all of them.
const GROUP_AGE_MAX: Duration = Duration::from_millis(20);
/// Most callers in the queue; more wait before it, within their own time-out.
const WAITING_MAX: usize = 1024;

/// The handle to the coordinator.
pub(crate) struct Writer {
    requests: mpsc::Sender<Request>,
    acquire_timeout: Duration,
    idle: Arc<AtomicBool>,
}

enum Request {
    Begin(Waiter),
    Close(oneshot::Sender<()>),
}

type Waiter = oneshot::Sender<Result<Lease>>;
type Answer = oneshot::Sender<Result<()>>;

/// The writer connection on loan, inside of an open transaction or savepoint.
pub(crate) struct Lease {
    connection: Option<SqliteConnection>,
    home: Option<oneshot::Sender<Returned>>,
}

struct Returned {
    connection: SqliteConnection,
    /// Whom to tell about the commit; none asks for a rollback.
    commit: Option<Answer>,
}

impl Writer {
    /// Opens the connection. The coordinator runs on the present runtime until the store is closed or dropped.
    pub(crate) async fn open(options: SqliteConnectOptions, acquire_timeout: Duration) -> Result<Self> {
        let connection = options.connect().await.map_err(from_sqlx)?;
        let (requests, queue) = mpsc::channel(WAITING_MAX);
        let idle = Arc::new(AtomicBool::new(true));
        let coordinator = Coordinator { options, queue, closing: None, idle: Arc::clone(&idle) };
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
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or_else(closed)
    }

    /// Hands the connection back and waits for the physical commit.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let (answer, committed) = oneshot::channel();
        self.give_back(Some(answer));
        committed.await.map_err(|_| closed())?
    }

    fn give_back(&mut self, commit: Option<Answer>) {
        if let (Some(connection), Some(home)) = (self.connection.take(), self.home.take()) {
            // When nobody listens any more, the runtime is going down, and the connection with what it holds is dropped.
            let _ = home.send(Returned { connection, commit });
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(None);
    }
}

/// Where in a group the connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the transaction itself, without any member's changes.
    Bare,
    /// In a savepoint behind the changes of earlier members.
    Savepoint,
}

struct Coordinator {
    options: SqliteConnectOptions,
    queue: mpsc::Receiver<Request>,
    closing: Option<oneshot::Sender<()>>,
    idle: Arc<AtomicBool>,
}

impl Coordinator {
    async fn run(mut self, connection: SqliteConnection) {
        let mut connection = Some(connection);
        while self.closing.is_none() {
            match self.queue.recv().await {
                Some(Request::Begin(waiter)) => {
                    self.idle.store(false, Ordering::Relaxed);
                    connection = self.serve(connection, waiter).await;
                    self.idle.store(true, Ordering::Relaxed);
                }
                Some(Request::Close(done)) => self.closing = Some(done),
                None => break,
            }
        }
        self.queue.close();
        if let Some(connection) = connection {
            // The last connection copies the log into the database as it closes.
            let _ = connection.close().await;
        }
        if let Some(done) = self.closing {
            let _ = done.send(());
        }
    }

    /// Runs one group and answers the connection for the next, or none when it broke.
    async fn serve(&mut self, connection: Option<SqliteConnection>, first: Waiter) -> Option<SqliteConnection> {
        let mut connection = match connection {
            Some(connection) => connection,
            None => match self.options.connect().await {
                Ok(connection) => connection,
                Err(error) => {
                    let _ = first.send(Err(from_sqlx(error)));
                    return None;
                }
            },
        };
        if let Err(error) = control(&mut connection, "BEGIN IMMEDIATE").await {
            let usable = matches!(error, Error::Contention(_));
            let _ = first.send(Err(error));
            return usable.then_some(connection);
        }
        let mut group = Vec::new();
        match self.run_group(connection, first, &mut group).await {
            Ok(connection) => {
                metrics::histogram!("mainstay_db_commit_group_size").record(group.len() as f64);
                group.into_iter().for_each(|answer| drop(answer.send(Ok(()))));
                Some(connection)
            }
            Err(error) => {
                tracing::error!(event = "db_commit_group_lost", transactions = group.len(), %error);
                group.into_iter().for_each(|answer| drop(answer.send(Err(copy(&error)))));
                None
            }
        }
    }

    /// Lends the open transaction to one caller after another and commits. The answers of those who committed are left in
    /// `group`. After an error the connection is gone, and with it whatever was not committed.
    async fn run_group(
        &mut self,
        mut connection: SqliteConnection,
        first: Waiter,
        group: &mut Vec<Answer>,
    ) -> Result<SqliteConnection> {
        let begun = Instant::now();
        let mut place = Place::Bare;
        let mut waiter = first;
        loop {
            let returned = lend(connection, waiter).await?;
            connection = returned.connection;
            let commit = returned.commit;
            let commits = commit.is_some();
            group.extend(commit);
            let full = group.len() >= GROUP_TRANSACTIONS_MAX || begun.elapsed() >= GROUP_AGE_MAX;
            let next = if full { None } else { self.next_waiter() };
            let (statements, then) = match (place, commits, next) {
                (Place::Bare, true, Some(next)) => ("SAVEPOINT member", Some((Place::Savepoint, next))),
                (Place::Bare, false, Some(next)) => ("ROLLBACK; BEGIN IMMEDIATE", Some((Place::Bare, next))),
                (Place::Bare, false, None) => ("ROLLBACK", None),
                (Place::Savepoint, true, Some(next)) => {
                    ("RELEASE member; SAVEPOINT member", Some((Place::Savepoint, next)))
                }
                (Place::Savepoint, false, Some(next)) => {
                    ("ROLLBACK TO member", Some((Place::Savepoint, next)))
                }
                (_, true, None) => ("COMMIT", None),
                (Place::Savepoint, false, None) => ("ROLLBACK TO member; COMMIT", None),
            };
            let outcome = control(&mut connection, statements).await;
            match (then, outcome) {
                (None, Ok(())) => return Ok(connection),
                (Some((reached, next)), Ok(())) => {
                    place = reached;
                    waiter = next;
                }
                (None, Err(error)) => return Err(error),
                (Some((_, next)), Err(error)) => {
                    let _ = next.send(Err(copy(&error)));
                    return Err(error);
                }
            }
        }
    }

    /// Somebody who waits already and has not given up.
    fn next_waiter(&mut self) -> Option<Waiter> {
        while self.closing.is_none() {
            match self.queue.try_recv() {
                Ok(Request::Begin(waiter)) if !waiter.is_closed() => return Some(waiter),
                Ok(Request::Begin(_)) => {}
                Ok(Request::Close(done)) => self.closing = Some(done),
                Err(_) => return None,
            }
        }
        None
    }
}

/// Lends the connection and waits until it comes back.
async fn lend(connection: SqliteConnection, waiter: Waiter) -> Result<Returned> {
    let (home, returned) = oneshot::channel();
    let lease = Lease { connection: Some(connection), home: Some(home) };
    // Who gave up meanwhile drops the lease here, which sends the connection back like any other drop.
    drop(waiter.send(Ok(lease)));
    returned.await.map_err(|_| Error::Unavailable("the writer connection was lost".to_owned()))
}

async fn control(connection: &mut SqliteConnection, statements: &'static str) -> Result<()> {
    query(statements).execute(connection).await.map(|_| ()).map_err(from_sqlx)
}

fn closed() -> Error {
    Error::Unavailable("the database was closed".to_owned())
}
