//! Migrations: many at once, killed in the middle, mixed with SQLx's own migrator, foreign or changed ones.

use std::path::Path;

use mainstay_store::{Error, Store};
use mainstay_store_conformance::{AnyStore, at_once, sample};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use sqlx::{
    Row,
    migrate::{Migrate, Migrator},
    postgres::PgConnection,
};

use crate::server::{Database, connect, execute};

const ALL: [i64; 13] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

async fn store(database: &Database) -> PostgresStore {
    let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&database.url) };
    PostgresStore::connect(options).await.expect("connect")
}

async fn sqlx_migrator() -> Migrator {
    Migrator::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))).await.expect("migrations")
}

/// Applies the first migration with SQLx's own code, so that the second is the next.
async fn apply_first(connection: &mut PgConnection) {
    let migrator = sqlx_migrator().await;
    connection.ensure_migrations_table("_sqlx_migrations").await.expect("the table");
    let first = migrator.iter().next().expect("a migration");
    connection.apply("_sqlx_migrations", first).await.expect("apply");
}

async fn relations(connection: &mut PgConnection) -> Vec<String> {
    let rows = sqlx::raw_sql(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    )
    .fetch_all(connection)
    .await
    .expect("relations");
    rows.iter().map(|row| row.get(0)).collect()
}

/// The process that waits for a lock in this database.
async fn waiting_process(connection: &mut PgConnection) -> i32 {
    loop {
        let row = sqlx::query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
             AND query LIKE '%ceremonies%'",
        )
        .fetch_optional(&mut *connection)
        .await
        .expect("ask");
        if let Some(row) = row {
            return row.get(0);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_migrate_once() {
    let database = Database::empty().await;
    let applied =
        at_once(8, |_| {
            let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&database.url) };
            async move {
                PostgresStore::connect(options).await.expect("connect").migrate().await.expect("migrate")
            }
        })
        .await;
    let mut versions = applied.concat();
    versions.sort_unstable();
    assert_eq!(versions, ALL);
    assert!(store(&database).await.schema_state().await.expect("state").is_current());
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_leaves_nothing() {
    for abort in [false, true] {
        let database = Database::empty().await;
        let mut outside = connect(&database.url).await;
        apply_first(&mut outside).await;
        let mut blocker = connect(&database.url).await;
        execute(&mut blocker, "BEGIN; LOCK TABLE members IN ACCESS EXCLUSIVE MODE").await.expect("lock");

        let leader = store(&database).await;
        let leader = tokio::spawn(async move { leader.migrate().await });
        let process = waiting_process(&mut outside).await;
        if abort {
            leader.abort();
            assert!(leader.await.is_err());
        } else {
            execute(&mut outside, &format!("SELECT pg_terminate_backend({process})")).await.expect("kill");
            let outcome = leader.await.expect("the leader's task");
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
        }
        // The table that it was about to make does not appear, whatever becomes of the lock.
        execute(&mut blocker, "COMMIT").await.expect("unlock");
        let follower = store(&database).await;
        let pending = follower.schema_state().await.expect("state").pending();
        assert_eq!(pending, ALL[1..]);
        let mut tables = relations(&mut outside).await;
        tables.retain(|table| table == "ceremonies");
        assert_eq!(tables, Vec::<String>::new());
        assert_eq!(follower.migrate().await.expect("migrate"), ALL[1..]);
        assert!(follower.schema_state().await.expect("state").is_current());
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_is_not_bounded_by_the_timeouts() {
    let database = Database::empty().await;
    let name = &database.name;
    let mut outside = connect(&database.url).await;
    execute(
        &mut outside,
        &format!(
            "ALTER DATABASE {name} SET lock_timeout = 1; ALTER DATABASE {name} SET statement_timeout = 300"
        ),
    )
    .await
    .expect("settings");
    apply_first(&mut outside).await;
    let mut blocker = connect(&database.url).await;
    execute(&mut blocker, "SET statement_timeout = 0; BEGIN; LOCK TABLE members IN ACCESS EXCLUSIVE MODE")
        .await
        .expect("lock");
    let waiter = store(&database).await;
    let waiter = tokio::spawn(async move { waiter.migrate().await });
    waiting_process(&mut outside).await;
    execute(&mut blocker, "SELECT pg_sleep(0.5); COMMIT").await.expect("unlock");
    assert_eq!(waiter.await.expect("the task").expect("migrate"), ALL[1..]);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlx_and_this_are_one_format() {
    let (ours_first, theirs_first) = (Database::empty().await, Database::empty().await);
    assert_eq!(store(&ours_first).await.migrate().await.expect("migrate"), ALL);
    sqlx_migrator().await.run(&mut connect(&ours_first.url).await).await.expect("nothing to do");
    sqlx_migrator().await.run(&mut connect(&theirs_first.url).await).await.expect("migrate");
    assert_eq!(store(&theirs_first).await.migrate().await.expect("nothing to do"), Vec::<i64>::new());
    assert!(store(&theirs_first).await.schema_state().await.expect("state").is_current());
    let mut rows = Vec::new();
    for database in [&ours_first, &theirs_first] {
        let found = sqlx::query(
            "SELECT (version, description, success, checksum)::text FROM _sqlx_migrations ORDER BY version",
        )
        .fetch_all(&mut connect(&database.url).await)
        .await
        .expect("rows");
        rows.push(found.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>());
    }
    assert_eq!(rows[0], rows[1]);
    ours_first.drop().await;
    theirs_first.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlx_and_this_exclude_one_another() {
    let database = Database::empty().await;
    let applied = at_once(6, |number| {
        let url = database.url.clone();
        async move {
            if number % 2 == 0 {
                let pool = sqlx::PgPool::connect(&url).await.expect("connect");
                sqlx_migrator().await.run(&pool).await.expect("theirs");
                return Vec::new();
            }
            let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(url) };
            PostgresStore::connect(options).await.expect("connect").migrate().await.expect("ours")
        }
    })
    .await
    .concat();
    assert!(applied.len() <= ALL.len());
    let store: AnyStore = std::sync::Arc::new(store(&database).await);
    assert!(store.schema_state().await.expect("state").is_current());
    sample::a_member(&store).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_migrations_are_reported_or_refused() {
    let database = Database::empty().await;
    let store = store(&database).await;
    let state = store.schema_state().await.expect("state");
    assert_eq!((state.pending(), state.unknown()), (ALL.to_vec(), vec![]));
    store.migrate().await.expect("migrate");
    let mut outside = connect(&database.url).await;
    execute(&mut outside, "INSERT INTO _sqlx_migrations VALUES (99, 'newer', now(), TRUE, '\\x00', 1)")
        .await
        .expect("insert");
    let state = store.schema_state().await.expect("state");
    assert_eq!((state.pending(), state.unknown(), state.is_current()), (vec![], vec![99], false));
    assert_eq!(store.migrate().await.expect("nothing to do"), Vec::<i64>::new());

    execute(&mut outside, "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 2")
        .await
        .expect("update");
    let refused = store.migrate().await.expect_err("another checksum").to_string();
    assert!(refused.contains("migration 2 (ceremonies)") && refused.contains("checksum"), "{refused}");
    execute(&mut outside, "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 1")
        .await
        .expect("update");
    let refused = store.migrate().await.expect_err("half done").to_string();
    assert!(refused.contains("migration 1 (members)") && refused.contains("half done"), "{refused}");
    database.drop().await;
}

/// The binary knows every file, under its number and name.
#[test]
fn every_file_is_known() {
    let known = include_str!("../../src/migrate.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("migrations") {
        let file = entry.expect("an entry").file_name().into_string().expect("a name");
        let file = file.trim_end_matches(".sql");
        let number: u32 = file.split('_').next().and_then(|number| number.parse().ok()).expect("a number");
        let line = format!("    {number} \"{file}\",");
        assert!(known.contains(&line), "{line}");
    }
}
