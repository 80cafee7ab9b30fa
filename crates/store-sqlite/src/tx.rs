//! The transaction that the store's users hold, and the five ways in which a portable statement runs.
//!
//! A transaction whose statement failed, or was abandoned before it answered, can only be rolled back: PostgreSQL works that
//! way, so both engines do, and nobody commits half of a unit of work.

use std::time::Instant;

use async_trait::async_trait;
use mainstay_store::{Access, Error, Result};

use crate::{codec::Row, connection::Connection, readers::Reader, value::Statement, writer::Lease};

pub(crate) struct Tx {
    access: Access,
    link: Option<Link>,
    /// Set while a statement runs and left set when it does not end well.
    broken: bool,
    outcome: &'static str,
}

pub(crate) enum Link {
    Reader(Reader),
    Writer(Lease),
}

impl Tx {
    pub(crate) const fn new(access: Access, link: Link) -> Self {
        Self { access, link: Some(link), broken: false, outcome: "rolled_back" }
    }

    pub(crate) const fn access(&self) -> Access {
        self.access
    }

    /// Runs a statement that may find one row.
    pub(crate) async fn one(&mut self, statement: Statement) -> Result<Option<Row>> {
        // Run to its end all the same: a statement that changes rows and answers them has to.
        self.reading(|connection| connection.all(statement)).map(|rows| rows.into_iter().next())
    }

    /// Runs a statement that finds rows.
    pub(crate) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.reading(|connection| connection.all(statement))
    }

    /// Runs a statement that changes rows, and answers how many.
    pub(crate) async fn write(&mut self, statement: Statement) -> Result<u64> {
        self.writing(|connection| connection.change(statement))
    }

    /// The same, for a statement in which losing a race for a unique value is possible; here nobody races.
    pub(crate) async fn write_raced(&mut self, statement: Statement) -> Result<u64> {
        self.write(statement).await
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

    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.access == Access::Write {
            return Ok(());
        }
        Err(Error::ReadOnly("a change was tried in a transaction that only reads".to_owned()))
    }

    /// Changes rows with statements of this engine's own.
    pub(crate) fn writing<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.check_writable()?;
        self.reading(work)
    }

    /// Reads with statements of this engine's own.
    pub(crate) fn reading<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        // Left set when the work panics.
        if std::mem::replace(&mut self.broken, true) {
            return Err(broken());
        }
        let outcome = match self.link.as_mut() {
            Some(Link::Reader(reader)) => reader.connection().and_then(work),
            Some(Link::Writer(lease)) => lease.with(work),
            None => return Err(broken()),
        };
        match &outcome {
            Ok(_) => self.broken = false,
            Err(Error::Unavailable(_)) => {
                if let Some(Link::Reader(reader)) = self.link.as_mut() {
                    reader.discard();
                }
            }
            // Nothing was changed that could be committed by half.
            Err(_) => self.broken = self.access == Access::Write,
        }
        outcome
    }
}

#[async_trait]
impl mainstay_store::Tx for Tx {
    async fn commit(mut self: Box<Self>) -> Result<()> {
        if self.broken {
            return Err(broken());
        }
        let Some(Link::Writer(lease)) = self.link.take_if(|link| matches!(link, Link::Writer(_))) else {
            self.outcome = "committed";
            return Ok(());
        };
        self.outcome = "failed";
        let begun = Instant::now();
        lease.commit().await?;
        metrics::histogram!("mainstay_db_commit_seconds").record(begun.elapsed());
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
