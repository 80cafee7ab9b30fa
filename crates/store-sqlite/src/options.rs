//! How to open the database file, and every bound of this engine with its reason.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// Read connections unless the options say otherwise: enough to use a few cores, few enough to stay small.
const READERS_DEFAULT: u32 = 4;
/// How long a statement waits for another process that writes to the same file.
const BUSY_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// How long [`begin`](mainstay_store::Store::begin) waits for a connection.
const ACQUIRE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// How long a write transaction may lie idle, before it is rolled back and the next gets its turn.
const HOLD_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Page cache of the writer and of each reader, in KiB. The operating system caches the file anyway.
const WRITER_CACHE_KIB: u32 = 4096;
const READER_CACHE_KIB: u32 = 1024;
/// The write-ahead log is cut back to this size once it was copied into the database.
const WAL_BYTES_KEPT: u32 = 16 * 1024 * 1024;
/// Prepared statements that a connection keeps; the contract has about that many.
const STATEMENTS_CACHED: usize = 128;

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

    /// What all connections share. WAL lets readers go on while somebody writes; `synchronous=FULL` makes a commit wait for
    /// the disk; `trusted_schema=OFF` keeps a doctored file from running functions through views and triggers.
    fn connection(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(self.busy_timeout)
            .statement_cache_capacity(STATEMENTS_CACHED)
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging()
    }

    pub(crate) fn writer(&self) -> SqliteConnectOptions {
        self.connection()
            .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
            .pragma("journal_size_limit", WAL_BYTES_KEPT.to_string())
            .thread_name(|_| "sqlite-writer".to_owned())
    }

    pub(crate) fn reader(&self) -> SqliteConnectOptions {
        self.connection()
            .pragma("cache_size", format!("-{READER_CACHE_KIB}"))
            .pragma("query_only", "ON")
            .thread_name(|number| format!("sqlite-reader-{number}"))
    }

    /// A connection of its own for migrations, which may have to wait for another instance's.
    pub(crate) fn migrator(&self, patience: Duration) -> SqliteConnectOptions {
        self.connection().busy_timeout(patience).thread_name(|_| "sqlite-migrate".to_owned())
    }
}
