//! One connection to the file. A statement runs where its caller is, to its end, without another thread: what is looked for is
//! nearly always in memory, and handing a statement to a thread and back costs several times as much as running it.
//!
//! What waits for the disk or for another process never runs here but in the coordinator's thread: beginning to write, and
//! committing.

use std::sync::Arc;

use mainstay_store::{Error, Result};
use rusqlite::{CachedStatement, Rows, ToSql, types::Value};

use crate::{
    codec::Row,
    error::{from_commit, from_sqlite},
    value::Statement,
};

/// A connection, open and set up.
pub(crate) struct Connection(pub(super) Box<rusqlite::Connection>);

impl Connection {
    /// Runs statements without arguments that find nothing, once; they are not kept prepared.
    pub(crate) fn run(&self, statements: &str) -> Result<()> {
        self.0.execute_batch(statements).map_err(from_sqlite)
    }

    /// The same for statements that end with a COMMIT.
    pub(crate) fn commit(&self, statements: &str) -> Result<()> {
        self.0.execute_batch(statements).map_err(from_commit)
    }

    /// A statement that is kept prepared.
    pub(crate) fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.0.prepare_cached(sql).map_err(from_sqlite)
    }

    /// Runs a statement and answers the rows that it found.
    pub(crate) fn all(&self, statement: Statement) -> Result<Vec<Row>> {
        let mut prepared = self.bound(statement)?;
        let (columns, mut found) = (columns(&prepared), Vec::new());
        gather(prepared.raw_query(), &columns, &mut found)?;
        Ok(found)
    }

    /// Runs a statement with one argument for each of them and answers all rows that were found.
    pub(crate) fn all_of_each(&self, sql: &str, arguments: &[impl ToSql]) -> Result<Vec<Row>> {
        let mut prepared = self.prepared(sql)?;
        let (columns, mut found) = (columns(&prepared), Vec::with_capacity(arguments.len()));
        for argument in arguments {
            gather(prepared.query([argument]).map_err(from_sqlite)?, &columns, &mut found)?;
        }
        Ok(found)
    }

    /// Runs a statement that changes rows and answers how many.
    pub(crate) fn change(&self, statement: Statement) -> Result<u64> {
        let changed = self.bound(statement)?.raw_execute().map_err(from_sqlite)?;
        Ok(changed as u64)
    }

    /// Closes it. The last one of a process copies the log into the database.
    pub(crate) fn close(self) -> Result<()> {
        self.0.close().map_err(|(_, error)| from_sqlite(error))
    }

    fn bound(&self, statement: Statement) -> Result<CachedStatement<'_>> {
        if let Some(fault) = statement.fault {
            return Err(Error::Failed(fault.to_string()));
        }
        let mut prepared = self.prepared(&statement.sql)?;
        // SQLite numbers arguments as it meets them; here `$2` is the second one wherever it stands.
        for place in 1..=prepared.parameter_count() {
            let value = argument(prepared.parameter_name(place), &statement.arguments)?;
            prepared.raw_bind_parameter(place, value).map_err(from_sqlite)?;
        }
        Ok(prepared)
    }
}

fn columns(prepared: &CachedStatement<'_>) -> Arc<[Box<str>]> {
    prepared.column_names().into_iter().map(Box::from).collect()
}

fn gather(mut rows: Rows<'_>, columns: &Arc<[Box<str>]>, found: &mut Vec<Row>) -> Result<()> {
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let values = (0..columns.len()).map(|place| row.get(place)).collect::<rusqlite::Result<_>>();
        found.push(Row { columns: Arc::clone(columns), values: values.map_err(from_sqlite)? });
    }
    Ok(())
}

fn argument<'a>(name: Option<&str>, arguments: &'a [Value]) -> Result<&'a Value> {
    name.and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1))
        .and_then(|place| arguments.get(place))
        .ok_or_else(|| Error::Failed(format!("a statement lacks its argument {}", name.unwrap_or("?"))))
}
