//! How to reach the server, and every bound of this engine with its reason.

use std::{fmt, str::FromStr, time::Duration};

use mainstay_store::{Error, Result};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};

/// Connections of one instance unless the options say otherwise.
const CONNECTIONS_DEFAULT: u32 = 16;
/// How long [`begin`](mainstay_store::Store::begin) waits for a connection.
const ACQUIRE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// How long an answer may take before the server is asked whether it lives.
const PATIENCE_DEFAULT: Duration = Duration::from_secs(3);
/// How long that may take: a new session is a new process, and a machine under full load is no dead one.
const PULSE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// How long the server works on one statement.
const STATEMENT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(15);
/// How long a statement waits for somebody else's lock, before it counts as contention.
const LOCK_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// How long a transaction may sit idle, before the server ends it and frees its locks.
const IDLE_IN_TRANSACTION_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Prepared statements that a connection keeps; the contract has about that many.
const STATEMENTS_CACHED: usize = 128;

/// How to reach the database.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database?sslmode=verify-full`; a secret.
    pub url: String,
    /// Most connections of this instance.
    pub max_connections: u32,
    /// How long to wait for one of them.
    pub acquire_timeout: Duration,
    /// How long an answer may take before the server is asked whether it lives; the question has a connection of its own, beside
    /// the most connections.
    pub patience: Duration,
    /// How long its answer may take, before the server counts as gone.
    pub pulse_timeout: Duration,
    /// How long the server works on one statement.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock.
    pub lock_timeout: Duration,
    /// How long a transaction may sit idle.
    pub idle_in_transaction_timeout: Duration,
    /// Whether a transaction pooler is in between; none finds it out.
    pub pooled: Option<bool>,
    /// PEM certificates of authorities beside the public ones; they count where the URL has `sslmode=verify-full` or `verify-ca`.
    pub roots_pem: Option<Vec<u8>>,
}

impl PostgresOptions {
    /// The defaults for a URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: CONNECTIONS_DEFAULT,
            acquire_timeout: ACQUIRE_TIMEOUT_DEFAULT,
            patience: PATIENCE_DEFAULT,
            pulse_timeout: PULSE_TIMEOUT_DEFAULT,
            statement_timeout: STATEMENT_TIMEOUT_DEFAULT,
            lock_timeout: LOCK_TIMEOUT_DEFAULT,
            idle_in_transaction_timeout: IDLE_IN_TRANSACTION_TIMEOUT_DEFAULT,
            pooled: None,
            roots_pem: None,
        }
    }

    /// How one connection is made. PgBouncer refuses start-up parameters that it does not know, `extra_float_digits` (which
    /// servers from version 12 on don't need) and `options` among them, so none is sent.
    pub(crate) fn connection(&self, pooled: bool) -> Result<PgConnectOptions> {
        let options = PgConnectOptions::from_str(&self.url)
            .map_err(|_| Error::Failed("the database URL can't be read".to_owned()))?;
        let options = match &self.roots_pem {
            Some(pem) => options.ssl_root_cert_from_pem(pem.clone()),
            None => options,
        };
        Ok(options
            .extra_float_digits(None)
            .application_name("mainstay")
            .statement_cache_capacity(if pooled { 0 } else { STATEMENTS_CACHED })
            .disable_statement_logging())
    }

    /// What a session of our own is told first: its bounds, and how to plan.
    ///
    /// A prepared statement keeps the plan that was best when it was made. One that was made while its table was empty reads the whole
    /// table, which is cheapest then, and goes on to do so until the server has gathered statistics, however large the table has become
    /// meanwhile. Every statement that runs often has an index, so that is what plans are made of; the few that must read
    /// everything still can. What they seem to cost then would have them compiled, which takes longer than they do.
    pub(crate) fn session(&self) -> String {
        format!("{}; SET enable_seqscan = off; SET jit = off", self.bounds("SET"))
    }

    /// The bounds as SQL: for the whole session, or for the transaction that has just begun.
    pub(crate) fn bounds(&self, set: &str) -> String {
        [
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            ("idle_in_transaction_session_timeout", self.idle_in_transaction_timeout),
        ]
        .map(|(name, value)| format!("{set} {name} = {}", value.as_millis()))
        .join("; ")
    }
}

/// Leaves the URL out: it holds a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("pooled", &self.pooled)
            .finish_non_exhaustive()
    }
}
