//! The schema: the same tables on both engines, and a trail that refuses changes.

use std::{collections::BTreeMap, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use mainstay_store::Store;
use mainstay_store_conformance::raw::{Raw, the_audit_trail_refuses_changes, the_ledger_refuses_changes};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::{AssertSqlSafe, Row, postgres::PgConnection};

use crate::server::{Database, always_dropping, connect};

struct Connection(PgConnection);

impl Raw for Connection {
    fn execute<'a>(&'a mut self, statements: &'a str) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let done = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut self.0).await;
            done.map(drop).map_err(|error| error.to_string())
        }
        .boxed()
    }

    fn tables(&mut self) -> BoxFuture<'_, BTreeMap<String, Vec<String>>> {
        async move {
            let rows = sqlx::query(
                "SELECT table_name::text, column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
            )
            .fetch_all(&mut self.0)
            .await
            .expect("columns");
            let mut tables = BTreeMap::<String, Vec<String>>::new();
            for row in rows {
                tables.entry(row.get(0)).or_default().push(row.get(1));
            }
            tables
        }
        .boxed()
    }
}

/// Each column of SQLite, from the file that the other engine makes.
async fn sqlite_tables() -> BTreeMap<String, Vec<String>> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).await.expect("open");
    store.migrate().await.expect("migrate");
    store.close().await;
    let mut connection =
        <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!("sqlite:{}", path.display()))
            .await
            .expect("connect");
    let rows = sqlx::raw_sql(
        "SELECT t.name AS t, c.name AS c FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
         WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
    )
    .fetch_all(&mut connection)
    .await
    .expect("columns");
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for row in rows {
        tables.entry(row.get("t")).or_default().push(row.get("c"));
    }
    tables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_tables() {
    let database = Database::migrated().await;
    let tables = Connection(connect(&database.url).await).tables().await;
    database.drop().await;
    assert!(tables.len() >= 20);
    assert_eq!(tables, sqlite_tables().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_append_only() {
    let database = Database::migrated().await;
    let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&database.url) };
    let store = PostgresStore::connect(options).await.expect("connect");
    let mut raw = Connection(connect(&database.url).await);
    always_dropping(database, async move {
        let refused = raw.execute("TRUNCATE audit_events").await.expect_err("truncate");
        assert!(refused.contains("append-only"), "{refused}");
        the_audit_trail_refuses_changes(Arc::new(store), &mut raw).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_area_of_the_trail_is_found_by_its_index() {
    let database = Database::migrated().await;
    let mut connection = connect(&database.url).await;
    always_dropping(database, async move {
        // An empty table is read whole whatever there is.
        crate::server::execute(&mut connection, "SET enable_seqscan = off").await.expect("sets");
        let plan = sqlx::raw_sql(
            "EXPLAIN SELECT sequence FROM audit_events \
             WHERE substr(action, 1, strpos(action, '.')) = 'session.' ORDER BY sequence DESC LIMIT 20",
        );
        let steps: Vec<String> =
            plan.fetch_all(&mut connection).await.expect("a plan").iter().map(|row| row.get(0)).collect();
        let text = steps.join("\n");
        assert!(text.contains("audit_events_by_area") && !text.contains("Sort"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_wa_08_the_ledger_is_append_only_and_never_below_zero() {
    let database = Database::migrated().await;
    let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&database.url) };
    let store = PostgresStore::connect(options).await.expect("connect");
    let mut raw = Connection(connect(&database.url).await);
    always_dropping(database, async move {
        for table in ["ledger_transfers", "ledger_accounts", "ledger_holds", "ledger_closings"] {
            let refused = raw.execute(&format!("TRUNCATE {table}")).await.expect_err("truncate");
            assert!(refused.contains("append-only"), "{refused}");
        }
        the_ledger_refuses_changes(Arc::new(store), &mut raw).await;
    })
    .await;
}
