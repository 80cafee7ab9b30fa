//! Finds out whether a transaction pooler is in between, by asking two connections which server process answers them.
//!
//! A direct connection has one process for its whole life. A pooler in transaction mode lends processes per transaction: while
//! a second client holds one in an open transaction, the first either sees that very process or is moved to another.

use mainstay_store::Result;
use sqlx::{
    ConnectOptions, Connection, Row as _,
    postgres::{PgConnectOptions, PgConnection},
};

use crate::error::from_sqlx;

/// A busy pooler may hand the same process back by chance, but hardly so often.
const ROUNDS: u32 = 3;

pub(crate) async fn is_pooled(options: &PgConnectOptions) -> Result<bool> {
    let mut first = options.connect().await.map_err(from_sqlx)?;
    let mut second = options.connect().await.map_err(from_sqlx)?;
    let mut pooled = false;
    for _ in 0..ROUNDS {
        pooled = pooled || shares_processes(&mut first, &mut second).await.map_err(from_sqlx)?;
    }
    // What can't be closed in order is closed by dropping it.
    let _ = first.close().await;
    let _ = second.close().await;
    Ok(pooled)
}

async fn shares_processes(first: &mut PgConnection, second: &mut PgConnection) -> sqlx::Result<bool> {
    let before = process(first).await?;
    sqlx::raw_sql("BEGIN").execute(&mut *second).await?;
    let held = process(second).await?;
    let after = process(first).await?;
    sqlx::raw_sql("ROLLBACK").execute(&mut *second).await?;
    Ok(before == held || before != after)
}

/// Asked in the simple protocol, which needs no prepared statement.
async fn process(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql("SELECT pg_backend_pid()::text AS process").fetch_one(connection).await?.try_get("process")
}
