//! The one writer connection, and how many transactions share one physical commit.
//!
//! A commit that waits for the disk takes far longer than the statements before it, so transactions that queue up while one
//! is written share the next. One thread, the coordinator's, owns the connection and is the only one to begin, to commit and to
//! roll back, so that nobody else waits for the disk. It lends the connection to one caller after another, who runs its
//! statements where it is:
//!
//! - The first of a group runs in the bare transaction, each later one in a savepoint of it.
//! - When a caller commits while others wait, its changes stay in the open transaction, its answer is kept, and the
//!   connection goes on to the next. When nobody waits, or the group is full or old, the coordinator commits physically and
//!   then answers every member of the group. So nobody is told "committed" before it is on disk, and a failed commit is told
//!   to everybody whose changes were in it.
//! - When a caller drops its transaction, the connection comes back all the same (sending it never blocks), only that savepoint
//!   is undone, and the group is committed as if the caller had not been there.
//!
//! Cancellation can't leave the connection in between: a statement runs to its end before its caller can be cancelled, and control
//! statements run here, where nobody is. A caller whose statement failed may only roll back (see `tx`), so when SQLite had to give
//! up the whole transaction (a full disk, say), the coordinator's next control statement fails too, and everyone in the group
//! hears of it. Who forgets a transaction between two statements loses the connection after a bounded time, and with it only that
//! transaction.
//!
//! Another process may write to the same file: `BEGIN IMMEDIATE` takes the file's write lock first of all, so waiting happens
//! there, for the busy timeout, and never in the middle of a transaction that has read already.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, sync_channel},
    },
    time::{Duration, Instant},
};

use mainstay_store::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use crate::{
    checkpoint::Checkpoints,
    connection::Connection,
    error::copy,
    options::ConnectionOptions,
    writer::{Answer, Lease, Request, Returned, Waiter, take_idle},
};

/// Most transactions in one physical commit: bounds how many a failed one takes down together.
const GROUP_TRANSACTIONS_MAX: usize = 64;
/// A group that is older commits although others wait, so that its first member does not pay for all of them.
const GROUP_AGE_MAX: Duration = Duration::from_millis(20);

/// Where in a group the connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the transaction itself, without any member's changes.
    Bare,
    /// In a savepoint behind the changes of earlier members.
    Savepoint,
}

pub(crate) struct Coordinator {
    options: ConnectionOptions,
    checkpoints: Checkpoints,
    queue: mpsc::Receiver<Request>,
    hold_timeout: Duration,
    closing: Option<oneshot::Sender<()>>,
    idle: Arc<AtomicBool>,
}

impl Coordinator {
    pub(crate) fn new(
        options: ConnectionOptions,
        checkpoints: Checkpoints,
        queue: mpsc::Receiver<Request>,
        hold_timeout: Duration,
        idle: Arc<AtomicBool>,
    ) -> Self {
        Self { options, checkpoints, queue, hold_timeout, closing: None, idle }
    }

    pub(crate) fn run(mut self, connection: Connection) {
        Checkpoints::watch(&connection);
        let mut connection = Some(connection);
        while self.closing.is_none() {
            match self.queue.blocking_recv() {
                Some(Request::Begin(waiter)) => {
                    self.idle.store(false, Ordering::Relaxed);
                    connection = self.serve(connection, waiter);
                    self.idle.store(true, Ordering::Relaxed);
                }
                Some(Request::Close(done)) => self.closing = Some(done),
                None => break,
            }
        }
        self.queue.close();
        self.checkpoints.stop();
        if let Some(connection) = connection {
            // The last connection copies the log into the database as it closes.
            let _ = connection.close();
        }
        if let Some(done) = self.closing {
            let _ = done.send(());
        }
    }

    /// Runs one group and answers the connection for the next, or none when it broke.
    fn serve(&mut self, connection: Option<Connection>, first: Waiter) -> Option<Connection> {
        let connection = match connection {
            Some(connection) => connection,
            None => match self.options.open() {
                Ok(connection) => {
                    Checkpoints::watch(&connection);
                    connection
                }
                Err(error) => {
                    let _ = first.send(Err(error));
                    return None;
                }
            },
        };
        if let Err(error) = connection.run("BEGIN IMMEDIATE") {
            let usable = matches!(error, Error::Contention(_));
            let _ = first.send(Err(error));
            return usable.then_some(connection);
        }
        let mut group = Vec::new();
        match self.run_group(connection, first, &mut group) {
            Ok(connection) => {
                if !group.is_empty() {
                    metrics::histogram!("mainstay_db_commit_group_size").record(group.len() as f64);
                }
                group.into_iter().for_each(|answer| drop(answer.send(Ok(()))));
                self.checkpoints.after_commit(&connection);
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
    fn run_group(
        &mut self,
        mut connection: Connection,
        first: Waiter,
        group: &mut Vec<Answer>,
    ) -> Result<Connection> {
        let begun = Instant::now();
        let mut place = Place::Bare;
        let mut waiter = first;
        loop {
            let returned = self.lend(connection, waiter)?;
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
            let outcome = match then {
                None => connection.commit(statements),
                Some(_) => connection.run(statements),
            };
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

    /// Lends the connection and waits until it comes back, or until it lies idle for too long.
    fn lend(&self, connection: Connection, waiter: Waiter) -> Result<Returned> {
        let (home, returned) = sync_channel(1);
        let (lease, slot) = Lease::new(connection, home);
        // Who gave up meanwhile drops the lease here, which sends the connection back like any other drop.
        drop(waiter.send(Ok(lease)));
        loop {
            match returned.recv_timeout(self.hold_timeout) {
                Ok(returned) => return Ok(returned),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Unavailable("the writer connection was lost".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(connection) = take_idle(&slot) {
                        tracing::warn!(event = "db_transaction_held_too_long");
                        return Ok(Returned { connection, commit: None });
                    }
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
