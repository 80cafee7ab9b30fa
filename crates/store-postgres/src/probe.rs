//! Finds out whether a transaction pooler is in between, by asking two connections which server process answers them.
//!
//! A direct connection has one process for its whole life, and no two have the same. A pooler in transaction mode lends its
//! processes anew for each transaction, so one client is moved around or two clients share. No transaction is held open
//! meanwhile: many instances that start at once would wait for one another's processes.

use mainstay_store::Result;
use sqlx::{
    ConnectOptions, Connection, Row as _,
    postgres::{PgConnectOptions, PgConnection},
};

use crate::error::from_sqlx;

/// Which of the two is asked in turn. Each twice in a row, because a pooler that hands out two processes by turns would
/// otherwise look like two direct connections.
const TURNS: [usize; 12] = [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0];

pub(crate) async fn is_pooled(options: &PgConnectOptions) -> Result<bool> {
    let mut connections =
        [options.connect().await.map_err(from_sqlx)?, options.connect().await.map_err(from_sqlx)?];
    let mut processes: [Option<String>; 2] = [None, None];
    let mut pooled = false;
    for turn in TURNS {
        let process = process(&mut connections[turn]).await.map_err(from_sqlx)?;
        let moved = processes[turn].as_ref().is_some_and(|before| *before != process);
        let shared = processes[1 - turn].as_ref() == Some(&process);
        processes[turn] = Some(process);
        if moved || shared {
            pooled = true;
            break;
        }
    }
    for connection in connections {
        // What can't be closed in order is closed by dropping it.
        let _ = connection.close().await;
    }
    Ok(pooled)
}

/// Asked in the simple protocol, which needs no prepared statement.
async fn process(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql("SELECT pg_backend_pid()::text AS process").fetch_one(connection).await?.try_get("process")
}
