//! Brings the file's schema up to date: one migration a transaction, behind the file's write lock, on a connection of its own.
//!
//! Instances that race wait for one another in `BEGIN IMMEDIATE`; each reads again under the lock what is still missing. A
//! process that dies in the middle leaves a transaction that SQLite undoes at the next opening.

use std::time::{Duration, Instant};

use mainstay_store::{Error, Result, SchemaState};

use crate::{
    connection::Connection,
    migration::{Applied, Migration, next_pending, schema_state},
    options::ConnectionOptions,
    row,
    value::query,
};

/// How long a migration waits for another instance's.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

macro_rules! migrations {
    ($($version:literal $file:literal,)*) => {
        &[$(Migration {
            version: $version,
            file: $file,
            sql: include_str!(concat!("../migrations/", $file, ".sql")),
        },)*]
    };
}

pub(crate) const MIGRATIONS: &[Migration] = migrations! {
    1 "0001_members",
    2 "0002_ceremonies",
    3 "0003_sessions",
    4 "0004_tenants",
    5 "0005_operations",
    6 "0006_notes",
    7 "0007_audit_retention",
    8 "0008_wallet",
    9 "0009_outgoing_events",
    10 "0010_inbox",
    11 "0011_merchants",
    12 "0012_inbox_bodies",
    13 "0013_purchase_reversals",
};

/// As SQLx's own migrator makes it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Applies what is missing. Waits for other instances and for the disk, so it has a thread of its own to do it on.
pub(crate) fn migrate(options: &ConnectionOptions) -> Result<Vec<i64>> {
    let connection = options.open()?;
    let mut versions = Vec::new();
    let outcome = loop {
        match step(&connection) {
            Ok(Some(version)) => versions.push(version),
            Ok(None) => break Ok(versions),
            Err(error) => break Err(error),
        }
    };
    // Closing also undoes a transaction that an error left open.
    connection.close()?;
    outcome
}

/// Applies the first missing migration and answers its version, or none when nothing is missing.
fn step(connection: &Connection) -> Result<Option<i64>> {
    if next_pending(MIGRATIONS, &applied(connection)?)?.is_none() {
        return Ok(None);
    }
    connection.run("BEGIN IMMEDIATE")?;
    connection.run(TABLE)?;
    let Some(migration) = next_pending(MIGRATIONS, &applied(connection)?)? else {
        connection.run("ROLLBACK")?;
        return Ok(None);
    };
    let begun = Instant::now();
    connection.run(migration.sql).map_err(|error| {
        Error::Failed(format!("migration {} ({}): {error}", migration.version, migration.name()))
    })?;
    let done = query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES ($1, $2, TRUE, $3, $4)",
    )
    .bind(migration.version)
    .bind(migration.name())
    .bind(migration.checksum())
    .bind(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX));
    connection.change(done)?;
    connection.run("COMMIT")?;
    Ok(Some(migration.version))
}

pub(crate) fn state(connection: &Connection) -> Result<SchemaState> {
    Ok(schema_state(MIGRATIONS, &applied(connection)?))
}

fn applied(connection: &Connection) -> Result<Vec<Applied>> {
    let table = query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'");
    if connection.all(table)?.is_empty() {
        return Ok(Vec::new());
    }
    let known =
        query("SELECT version, description, checksum, success FROM _sqlx_migrations ORDER BY version");
    row::read_all(&connection.all(known)?, |row| {
        Ok(Applied {
            version: row::get(row, "version")?,
            name: row::get(row, "description")?,
            checksum: row::get(row, "checksum")?,
            success: row::get(row, "success")?,
        })
    })
}
