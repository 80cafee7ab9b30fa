//! How to open the database file, and every bound of this engine with its reason.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use mainstay_store::{Error, Result};
use rusqlite::{OpenFlags, config::DbConfig};

use crate::{connection::Connection, error::from_sqlite};

/// Read connections unless the options say otherwise: enough to use a few cores, few enough to stay small.
const READERS_DEFAULT: u32 = 4;
/// How long a statement waits for another process that writes to the same file.
const BUSY_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// Between two attempts to set a connection up, while another process changes the file's journal mode.
const SET_UP_PAUSE: Duration = Duration::from_millis(5);
/// How long [`begin`](mainstay_store::Store::begin) waits for a connection.
const ACQUIRE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// How long a write transaction may lie idle, before it is rolled back and the next gets its turn.
const HOLD_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Page cache of the writer and of each reader, in KiB, at most. The operating system caches the file anyway; the writer's holds what
/// a full batch of postings changes, or it would write and read pages again before the commit.
const WRITER_CACHE_KIB: u32 = 4096;
const READER_CACHE_KIB: u32 = 1024;
/// The write-ahead log is cut back to this size once it was copied into the database. Within it the log is written over, which costs
/// the file system less than making it longer.
const WAL_BYTES_KEPT: u32 = 64 * 1024 * 1024;
/// Prepared statements that a connection keeps; the contract has about that many.
const STATEMENTS_CACHED: usize = 128;

/// What all connections share. WAL lets readers go on while somebody writes; `synchronous=FULL` makes a commit wait for the disk;
/// `trusted_schema=OFF` keeps a doctored file from running functions through views and triggers.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
    PRAGMA trusted_schema = OFF;";

/// How to open the store.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The database file; it and its directory are made when missing, for the owner only.
    pub path: PathBuf,
    /// Most read connections; they are opened as they are needed.
    pub readers: u32,
    /// How long to wait for a lock that another process holds, before it counts as contention.
    pub busy_timeout: Duration,
    /// How long to wait for a connection of our own.
    pub acquire_timeout: Duration,
    /// How long a write transaction may lie idle.
    pub hold_timeout: Duration,
}

impl SqliteOptions {
    /// The defaults for a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: READERS_DEFAULT,
            busy_timeout: BUSY_TIMEOUT_DEFAULT,
            acquire_timeout: ACQUIRE_TIMEOUT_DEFAULT,
            hold_timeout: HOLD_TIMEOUT_DEFAULT,
        }
    }

    pub(crate) fn writer(&self) -> ConnectionOptions {
        let pragmas =
            format!("PRAGMA cache_size = -{WRITER_CACHE_KIB}; PRAGMA journal_size_limit = {WAL_BYTES_KEPT};");
        self.connection(self.busy_timeout, pragmas)
    }

    pub(crate) fn reader(&self) -> ConnectionOptions {
        let pragmas = format!("PRAGMA cache_size = -{READER_CACHE_KIB}; PRAGMA query_only = ON;");
        self.connection(self.busy_timeout, pragmas)
    }

    /// A connection of its own for migrations, which may have to wait for another instance's.
    pub(crate) fn migrator(&self, patience: Duration) -> ConnectionOptions {
        self.connection(patience, String::new())
    }

    /// A connection that only copies the log, which needs no page cache.
    pub(crate) fn copier(&self) -> ConnectionOptions {
        self.connection(self.busy_timeout, "PRAGMA cache_size = 0;".to_owned())
    }

    fn connection(&self, busy_timeout: Duration, pragmas: String) -> ConnectionOptions {
        ConnectionOptions { path: self.path.clone(), busy_timeout, pragmas }
    }
}

/// How to open one connection.
#[derive(Clone)]
pub(crate) struct ConnectionOptions {
    path: PathBuf,
    busy_timeout: Duration,
    pragmas: String,
}

impl ConnectionOptions {
    /// Opens it, which waits for the disk.
    pub(crate) fn open(&self) -> Result<Connection> {
        // Each connection is used by one at a time, so SQLite needs no lock of its own for it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags).map_err(from_sqlite)?;
        connection.busy_timeout(self.busy_timeout).map_err(from_sqlite)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        // A plan is made from the statement alone. Otherwise SQLite plans every statement with a bound LIMIT anew whenever it is
        // bound, in case the number makes a difference, which costs more than most of ours take to run.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(from_sqlite)?;
        self.set_up(&connection)?;
        connection.execute_batch(&self.pragmas).map_err(from_sqlite)?;
        Ok(Connection(Box::new(connection)))
    }

    /// Runs what all connections share. SQLite does not wait for another process when two change a fresh file's journal mode at
    /// once: each holds a lock that the other needs, so it refuses one of them in spite of the busy time-out. That one tries
    /// again.
    #[expect(clippy::disallowed_methods, reason = "opening has a thread of its own to wait on")]
    fn set_up(&self, connection: &rusqlite::Connection) -> Result<()> {
        let begun = Instant::now();
        loop {
            match connection.execute_batch(PRAGMAS).map_err(from_sqlite) {
                Err(Error::Contention(_)) if begun.elapsed() < self.busy_timeout => {
                    std::thread::sleep(SET_UP_PAUSE);
                }
                outcome => return outcome,
            }
        }
    }
}
