//! The transaction that the store's users hold, and the six ways in which a portable statement runs.
//!
//! A transaction whose statement failed, or was abandoned before it answered, can only be rolled back. PostgreSQL answers a
//! COMMIT of such a transaction with "ROLLBACK" and no error, so it must not even be asked.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use mainstay_store::{Access, Error, Result};
use sqlx::{
    Transaction,
    pool::PoolConnection,
    postgres::{PgConnection, Postgres},
};

use crate::{
    codec::Row,
    error::{from_sqlx, is_unique_violation},
    value::Statement,
};

/// How much longer than the server's own bound to wait for an answer, before the connection counts as dead.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Tx {
    access: Access,
    link: Option<Link>,
    /// Behind a pooler a prepared statement would stay with a server process that the next transaction does not get.
    persistent: bool,
    answer_timeout: Duration,
    /// Set while a statement runs and left set when it does not end well.
    broken: bool,
    outcome: &'static str,
}

pub(crate) enum Link {
    /// A transaction per statement.
    Single(PoolConnection<Postgres>),
    Transaction(Transaction<'static, Postgres>),
}

impl Tx {
    pub(crate) fn new(access: Access, link: Link, pooled: bool, statement_timeout: Duration) -> Self {
        Self {
            access,
            link: Some(link),
            persistent: !pooled,
            answer_timeout: statement_timeout + ANSWER_GRACE,
            broken: false,
            outcome: "rolled_back",
        }
    }

    pub(crate) const fn access(&self) -> Access {
        self.access
    }

    /// Runs a statement that may find one row.
    pub(crate) async fn one(&mut self, statement: Statement) -> Result<Option<Row>> {
        self.one_raw(statement).await?.map_err(from_sqlx)
    }

    /// Runs a statement that finds rows.
    pub(crate) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>> {
        let statement = statement.persistent(self.persistent);
        let timeout = self.answer_timeout;
        let found = tokio::time::timeout(timeout, statement.fetch_all(self.enter()?)).await;
        self.leave(found)?.map_err(from_sqlx)
    }

    /// Runs a statement that changes rows, and answers how many.
    pub(crate) async fn write(&mut self, statement: Statement) -> Result<u64> {
        self.write_raw(statement).await?.map_err(from_sqlx)
    }

    /// The same, for a statement that can lose a race for a unique value which it has just seen free: that is contention, and
    /// the unit of work sees the value taken when it is run again.
    pub(crate) async fn write_raced(&mut self, statement: Statement) -> Result<u64> {
        self.write_raw(statement).await?.map_err(|error| {
            if is_unique_violation(&error) {
                Error::Contention("somebody else took a unique value in the same moment".to_owned())
            } else {
                from_sqlx(error)
            }
        })
    }

    /// Runs a statement that changes or locks at most one row and answers it.
    pub(crate) async fn write_one(&mut self, statement: Statement) -> Result<Option<Row>> {
        self.check_writable()?;
        self.one(statement).await
    }

    /// Runs a statement that changes rows and answers them.
    pub(crate) async fn write_all(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.check_writable()?;
        self.all(statement).await
    }

    /// Makes the transaction fail, because what it found can't be right.
    pub(crate) fn refuse(&mut self, error: Error) -> Error {
        self.broken = true;
        error
    }

    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.access == Access::Write {
            return Ok(());
        }
        Err(Error::ReadOnly("a change was tried in a transaction that only reads".to_owned()))
    }

    async fn one_raw(&mut self, statement: Statement) -> Result<sqlx::Result<Option<Row>>> {
        let statement = statement.persistent(self.persistent);
        let timeout = self.answer_timeout;
        let found = tokio::time::timeout(timeout, statement.fetch_optional(self.enter()?)).await;
        self.leave(found)
    }

    async fn write_raw(&mut self, statement: Statement) -> Result<sqlx::Result<u64>> {
        self.check_writable()?;
        let statement = statement.persistent(self.persistent);
        let timeout = self.answer_timeout;
        let done = tokio::time::timeout(timeout, statement.execute(self.enter()?)).await;
        Ok(self.leave(done)?.map(|done| done.rows_affected()))
    }

    pub(crate) fn enter(&mut self) -> Result<&mut PgConnection> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(broken());
        }
        match self.link.as_mut() {
            Some(Link::Single(connection)) => Ok(&mut *connection),
            Some(Link::Transaction(transaction)) => Ok(&mut *transaction),
            None => Err(broken()),
        }
    }

    fn leave<T>(
        &mut self,
        answer: std::result::Result<sqlx::Result<T>, tokio::time::error::Elapsed>,
    ) -> Result<sqlx::Result<T>> {
        let answer =
            answer.map_err(|_| Error::Unavailable("the server did not answer in time".to_owned()))?;
        // A statement on its own leaves nothing behind when it fails.
        self.broken = answer.is_err() && matches!(self.link, Some(Link::Transaction(_)));
        Ok(answer)
    }
}

#[async_trait]
impl mainstay_store::Tx for Tx {
    async fn commit(mut self: Box<Self>) -> Result<()> {
        if self.broken {
            return Err(broken());
        }
        if let Some(Link::Transaction(transaction)) =
            self.link.take_if(|link| matches!(link, Link::Transaction(_)))
        {
            self.outcome = "failed";
            let begun = Instant::now();
            tokio::time::timeout(self.answer_timeout, transaction.commit())
                .await
                .map_err(|_| Error::Unavailable("the server did not answer in time".to_owned()))?
                .map_err(from_sqlx)?;
            metrics::histogram!("mainstay_db_commit_seconds").record(begun.elapsed());
        }
        self.outcome = "committed";
        Ok(())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let access = match self.access {
            Access::Read => "read",
            Access::Snapshot => "snapshot",
            Access::Write => "write",
        };
        metrics::counter!("mainstay_db_transactions_total", "access" => access, "outcome" => self.outcome)
            .increment(1);
    }
}

fn broken() -> Error {
    Error::Failed(
        "a statement of this transaction failed or was abandoned, so it can only be rolled back".to_owned(),
    )
}
