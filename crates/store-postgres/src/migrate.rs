//! Brings the schema up to date: one migration a transaction, behind a lock that ends with the transaction.
//!
//! The lock is the one that SQLx's own migrator takes for this database, so `sqlx migrate run` and any number of instances
//! exclude one another. SQLx holds it for its session, which a transaction pooler can't offer; held for one transaction it
//! works through a pooler, too, and a server process that dies in the middle leaves neither a lock nor half a migration.

use std::time::Instant;

use mainstay_store::{Error, Result, SchemaState};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row as _,
    postgres::{PgConnectOptions, PgConnection},
};

use crate::{
    error::from_sqlx,
    migration::{Applied, Migration, next_pending, schema_state},
    value::{Statement, query},
};

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

/// Waiting for another instance's migration, and a long migration itself, are no failures; that the table is there already is no
/// news.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                     SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL client_min_messages = warning";

/// As SQLx's own migrator makes it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)";

pub(crate) async fn migrate(options: &PgConnectOptions) -> Result<Vec<i64>> {
    // A connection of its own: should this be abandoned, the server sees it close and rolls back.
    let mut connection = options.connect().await.map_err(from_sqlx)?;
    let mut versions = Vec::new();
    while let Some(version) = step(&mut connection).await? {
        versions.push(version);
    }
    // Everything is committed, however the goodbye goes.
    let _ = connection.close().await;
    Ok(versions)
}

/// Applies the first missing migration and answers its version, or none when nothing is missing.
async fn step(connection: &mut PgConnection) -> Result<Option<i64>> {
    run(connection, BEGIN).await?;
    if next_pending(MIGRATIONS, &applied(connection).await?)?.is_none() {
        run(connection, "ROLLBACK").await?;
        return Ok(None);
    }
    lock(connection).await?;
    run(connection, TABLE).await?;
    let Some(migration) = next_pending(MIGRATIONS, &applied(connection).await?)? else {
        run(connection, "ROLLBACK").await?;
        return Ok(None);
    };
    let begun = Instant::now();
    run(connection, migration.sql).await.map_err(|error| in_migration(&migration, error))?;
    statement(
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

fn in_migration(migration: &Migration, error: Error) -> Error {
    match error {
        Error::Unavailable(text) => Error::Unavailable(text),
        other => Error::Failed(format!("migration {} ({}): {other}", migration.version, migration.name())),
    }
}

/// Waits for the lock until the transaction ends.
async fn lock(connection: &mut PgConnection) -> Result<()> {
    let database: String = statement("SELECT current_database() AS name")
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get("name"))
        .map_err(from_sqlx)?;
    statement("SELECT true FROM pg_advisory_xact_lock($1)")
        .bind(lock_id(&database))
        .fetch_one(connection)
        .await
        .map(|_| ())
        .map_err(from_sqlx)
}

/// The number that SQLx's migrator locks: a constant of its own times the CRC-32 of the database's name.
fn lock_id(database: &str) -> i64 {
    0x3d32_ad9e * i64::from(crc32(database.as_bytes()))
}

/// CRC-32 as in ISO-HDLC (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

pub(crate) async fn state(connection: &mut PgConnection) -> Result<SchemaState> {
    Ok(schema_state(MIGRATIONS, &applied(connection).await?))
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>> {
    let table: Option<String> = statement("SELECT to_regclass('_sqlx_migrations')::text AS name")
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get("name"))
        .map_err(from_sqlx)?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    let rows =
        statement("SELECT version, description, checksum, success FROM _sqlx_migrations ORDER BY version")
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

/// A statement that is not kept prepared: it runs once, and maybe through a pooler.
fn statement(sql: &'static str) -> Statement {
    query(sql).persistent(false)
}

/// Several statements at once, in the simple protocol.
async fn run(connection: &mut PgConnection, statements: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(|_| ()).map_err(from_sqlx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
