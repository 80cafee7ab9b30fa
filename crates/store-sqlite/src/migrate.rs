//! Brings the file's schema up to date: one migration a transaction, behind the file's write lock, on a connection of its own.
//!
//! Instances that race wait for one another in `BEGIN IMMEDIATE`; each reads again under the lock what is still missing. A
//! process that dies in the middle leaves a transaction that SQLite undoes at the next opening.

use std::time::{Duration, Instant};

use mainstay_store::{Error, Result, SchemaState};
use sqlx::{
    ConnectOptions, Connection, Row as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use crate::{
    error::from_sqlx,
    migration::{Applied, Migration, next_pending, schema_state},
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

pub(crate) async fn migrate(options: SqliteConnectOptions) -> Result<Vec<i64>> {
    let mut connection = options.connect().await.map_err(from_sqlx)?;
    let mut versions = Vec::new();
    let outcome = loop {
        match step(&mut connection).await {
            Ok(Some(version)) => versions.push(version),
            Ok(None) => break Ok(versions),
            Err(error) => break Err(error),
        }
    };
    // Closing also undoes a transaction that an error left open.
    connection.close().await.map_err(from_sqlx)?;
    outcome
}

/// Applies the first missing migration and answers its version, or none when nothing is missing.
async fn step(connection: &mut SqliteConnection) -> Result<Option<i64>> {
    if next_pending(MIGRATIONS, &applied(connection).await?)?.is_none() {
        return Ok(None);
    }
    run(connection, "BEGIN IMMEDIATE").await?;
    run(connection, TABLE).await?;
    let Some(migration) = next_pending(MIGRATIONS, &applied(connection).await?)? else {
        run(connection, "ROLLBACK").await?;
        return Ok(None);
    };
    let begun = Instant::now();
    run(connection, migration.sql).await.map_err(|error| {
        Error::Failed(format!("migration {} ({}): {error}", migration.version, migration.name()))
    })?;
    query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES ($1, $2, TRUE, $3, $4)",
    )
    .bind(migration.version)
    .bind(migration.name())
    .bind(migration.checksum())
    .bind(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX))
    .execute(&mut *connection)
    .await
    .map_err(from_sqlx)?;
    run(connection, "COMMIT").await?;
    Ok(Some(migration.version))
}

pub(crate) async fn state(connection: &mut SqliteConnection) -> Result<SchemaState> {
    Ok(schema_state(MIGRATIONS, &applied(connection).await?))
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<Applied>> {
    let table = query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await
        .map_err(from_sqlx)?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    let rows = query("SELECT version, description, checksum, success FROM _sqlx_migrations ORDER BY version")
        .fetch_all(connection)
        .await
        .map_err(from_sqlx)?;
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: row.try_get("version")?,
                name: row.try_get("description")?,
                checksum: row.try_get("checksum")?,
                success: row.try_get("success")?,
            })
        })
        .collect::<sqlx::Result<_>>()
        .map_err(from_sqlx)
}

/// Statements that are run once, so they are not kept prepared.
async fn run(connection: &mut SqliteConnection, statements: &'static str) -> Result<()> {
    sqlx::raw_sql(statements).execute(connection).await.map(|_| ()).map_err(from_sqlx)
}
