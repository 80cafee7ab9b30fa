//! The transaction that the store's users hold, and the six ways in which a portable statement runs.
//!
//! A transaction whose statement failed, or was abandoned before it answered, can only be rolled back. PostgreSQL answers a
//! COMMIT of such a transaction with "ROLLBACK" and no error, so it must not even be asked.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use mainstay_store::{Access, Error, Result};
use sqlx::{AssertSqlSafe, postgres::PgConnection};

use crate::{
    codec::Row,
    error::{ends_connection, from_sqlx, is_unique_violation},
    pool::{Loan, Open},
    value::Statement,
};

pub(crate) struct Tx {
    access: Access,
    loan: Loan,
    in_transaction: bool,
    /// Behind a pooler a prepared statement would stay with a server process that the next transaction does not get.
    persistent: bool,
    answer_timeout: Duration,
    /// Set while a statement runs and left set when it does not end well.
    broken: bool,
    outcome: &'static str,
}

impl Tx {
    /// Takes the connection for statements that are a transaction each, unless [`Self::begin`] follows.
    pub(crate) const fn new(access: Access, loan: Loan, pooled: bool, answer_timeout: Duration) -> Self {
        Self {
            access,
            loan,
            in_transaction: false,
            persistent: !pooled,
            answer_timeout,
            broken: false,
            outcome: "rolled_back",
        }
    }

    /// Opens one transaction with these words.
    pub(crate) async fn begin(&mut self, words: &str) -> Result<()> {
        self.in_transaction = true;
        self.control(words).await
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
        let (timeout, pulse) = (self.answer_timeout, self.loan.pulse());
        let found = pulse.wait(timeout, statement.fetch_all(self.enter()?)).await;
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
        let (timeout, pulse) = (self.answer_timeout, self.loan.pulse());
        let found = pulse.wait(timeout, statement.fetch_optional(self.enter()?)).await;
        self.leave(found)
    }

    async fn write_raw(&mut self, statement: Statement) -> Result<sqlx::Result<u64>> {
        self.check_writable()?;
        let statement = statement.persistent(self.persistent);
        let (timeout, pulse) = (self.answer_timeout, self.loan.pulse());
        let done = pulse.wait(timeout, statement.execute(self.enter()?)).await;
        Ok(self.leave(done)?.map(|done| done.rows_affected()))
    }

    /// What begins and ends a transaction, in the simple protocol.
    async fn control(&mut self, words: &str) -> Result<()> {
        let (timeout, pulse) = (self.answer_timeout, self.loan.pulse());
        let statement = sqlx::raw_sql(AssertSqlSafe(words));
        let done = pulse.wait(timeout, statement.execute(self.enter()?)).await;
        self.leave(done)?.map(drop).map_err(from_sqlx)
    }

    pub(crate) fn enter(&mut self) -> Result<&mut PgConnection> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(broken());
        }
        self.loan.open = if self.in_transaction { Open::Transaction } else { Open::Answer };
        self.loan.connection()
    }

    fn leave<T>(&mut self, answer: Result<sqlx::Result<T>>) -> Result<sqlx::Result<T>> {
        let answer = answer.inspect_err(|_| self.loan.discard())?;
        if !self.in_transaction {
            self.loan.open = Open::Nothing;
        }
        // A statement on its own leaves nothing behind when it fails.
        self.broken = answer.is_err() && self.in_transaction;
        if answer.as_ref().is_err_and(ends_connection) {
            self.loan.discard();
        }
        Ok(answer)
    }
}

#[async_trait]
impl mainstay_store::Tx for Tx {
    async fn commit(mut self: Box<Self>) -> Result<()> {
        if self.broken {
            return Err(broken());
        }
        if self.in_transaction {
            self.outcome = "failed";
            let begun = Instant::now();
            self.control("COMMIT").await.map_err(|error| match error {
                Error::Unavailable(why) => Error::Uncertain(why),
                certain => certain,
            })?;
            self.loan.open = Open::Nothing;
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
