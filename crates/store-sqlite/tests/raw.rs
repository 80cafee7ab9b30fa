//! The SQLite engine seen from outside: the file, a second process, the triggers, the migrations, the shared commit.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use mainstay_store::{Access, Error};
use mainstay_store_conformance::{
    AnyStore, at_once,
    raw::{Raw, the_audit_trail_refuses_changes, the_ledger_refuses_changes},
    read, sample, write,
};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Row,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

struct Connection(SqliteConnection);

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
            let rows = sqlx::raw_sql(
                "SELECT t.name AS t, c.name AS c FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
                 WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
            )
            .fetch_all(&mut self.0)
            .await
            .expect("columns");
            let mut tables = BTreeMap::<String, Vec<String>>::new();
            for row in rows {
                tables.entry(row.get("t")).or_default().push(row.get("c"));
            }
            tables
        }
        .boxed()
    }
}

async fn raw(path: &Path) -> Connection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_millis(200));
    Connection(options.connect().await.expect("connect"))
}

async fn open(path: &Path) -> AnyStore {
    Arc::new(SqliteStore::open(SqliteOptions::new(path)).await.expect("open"))
}

async fn migrated(path: &Path) -> AnyStore {
    let store = open(path).await;
    assert_eq!(store.migrate().await.expect("migrate"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_append_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = migrated(&path).await;
    the_audit_trail_refuses_changes(store, &mut raw(&path).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_wa_08_the_ledger_is_append_only_and_never_below_zero() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = migrated(&path).await;
    the_ledger_refuses_changes(store, &mut raw(&path).await).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("deep/er/main.db");
    let store = migrated(&path).await;
    sample::a_member(&store).await;
    let parent = path.parent().expect("a parent");
    assert_eq!(parent.metadata().expect("metadata").permissions().mode() & 0o777, 0o700);
    for entry in parent.read_dir().expect("list") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    store.close().await;
    // Everything is in the one file after an orderly end.
    assert_eq!(parent.read_dir().expect("list").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_is_there_after_reopening() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = migrated(&path).await;
    let member = sample::a_member(&store).await;
    let mut unfinished = write(&store).await;
    unfinished.insert_member(&sample::member()).await.expect("insert");
    drop(unfinished);
    // Without closing, as after a crash of the process: the log is all there is.
    let copy = directory.path().join("copy.db");
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(&path), name(&copy)).expect("copy");
    }
    let reopened = open(&copy).await;
    assert_eq!(read(&reopened).await.member_by_id(member.id).await.expect("read"), Some(member));
}

/// Without a pause between commits, so that the log is never found all copied by chance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_bounded_while_somebody_writes_all_the_time() {
    // 16384 pages with their headers, and what one commit adds.
    const LOG_BYTES_MAX: u64 = (16_384 + 512) * (4096 + 24);

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = migrated(&path).await;
    let member = sample::a_member(&store).await;
    for _ in 0..160 {
        let notes: Vec<_> =
            std::iter::repeat_with(|| sample::note(member.id, &"x".repeat(20_000))).take(50).collect();
        let mut tx = write(&store).await;
        tx.insert_notes(&notes).await.expect("insert");
        tx.commit().await.expect("commit");
    }
    let bytes =
        |suffix: &str| std::fs::metadata(format!("{}{suffix}", path.display())).expect("a file").len();
    assert!(bytes("-wal") <= LOG_BYTES_MAX, "{} bytes", bytes("-wal"));
    assert!(bytes("") > LOG_BYTES_MAX, "{} bytes", bytes(""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_that_writes_is_contention() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = migrated(&path).await;
    let options = SqliteOptions { busy_timeout: Duration::from_millis(50), ..SqliteOptions::new(&path) };
    let other: AnyStore = Arc::new(SqliteStore::open(options).await.expect("open"));
    let holder = write(&store).await;
    let outcome = other.begin(Access::Write).await.map(drop);
    assert!(matches!(outcome, Err(Error::Contention(_))), "{outcome:?}");
    drop(holder);
    let member = sample::a_member(&other).await;
    assert_eq!(read(&store).await.member_by_id(member.id).await.expect("read"), Some(member));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_waits_for_another_process_that_writes_to_a_fresh_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut other = Connection(options.connect().await.expect("connect"));
    // The file is in the mode that SQLite makes, which an opening wants to change.
    other.execute("BEGIN IMMEDIATE; CREATE TABLE t (a)").await.expect("begin");

    let patience = Duration::from_millis(100);
    let begun = std::time::Instant::now();
    let refused =
        SqliteStore::open(SqliteOptions { busy_timeout: patience, ..SqliteOptions::new(&path) }).await;
    assert!(matches!(refused, Err(Error::Contention(_))), "{:?}", refused.err());
    assert!(begun.elapsed() >= patience, "gave up at once");

    let opening = tokio::spawn(SqliteStore::open(SqliteOptions::new(&path)));
    other.execute("COMMIT").await.expect("commit");
    opening.await.expect("joins").expect("opens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_told_to_the_whole_group() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = migrated(&path).await;
    // Deferred, so that only the physical commit finds out.
    let mut outside = raw(&path).await;
    outside
        .execute(
            "CREATE TABLE late (id INTEGER PRIMARY KEY REFERENCES late_parent (id) DEFERRABLE INITIALLY DEFERRED); \
             CREATE TABLE late_parent (id INTEGER PRIMARY KEY); \
             CREATE TRIGGER poison AFTER INSERT ON tenants WHEN NEW.name = 'poison' \
             BEGIN INSERT INTO late VALUES (1); END",
        )
        .await
        .expect("a trap");
    let holder = write(&store).await;
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let tenant = sample::tenant(if number == 3 { "poison" } else { "fine" });
                let mut tx = write(&store).await;
                tx.insert_tenant(&tenant).await.expect("insert");
                (tenant.id, tx.commit().await.is_ok())
            })
        })
        .collect();
    tokio::task::yield_now().await;
    holder.commit().await.ok();
    let mut failed = 0;
    for task in tasks {
        let (id, committed) = task.await.expect("a task");
        assert_eq!(read(&store).await.tenant_by_id(id).await.expect("read").is_some(), committed);
        failed += usize::from(!committed);
    }
    assert!(failed >= 1);
    sample::a_member(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_group_is_committed_all_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = migrated(&directory.path().join("main.db")).await;
    let (mut first, member) = (write(&store).await, sample::member());
    first.insert_member(&member).await.expect("insert");
    // Waits for the connection, gets it, and goes away without ever using it.
    let idler = tokio::spawn({
        let store = store.clone();
        async move { drop(store.begin(Access::Write).await) }
    });
    tokio::task::yield_now().await;
    first.commit().await.expect("commit");
    idler.await.expect("the idler");
    assert!(read(&store).await.member_by_id(member.id).await.expect("read").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_transaction_loses_its_turn() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    migrated(&path).await.close().await;
    let options = SqliteOptions { hold_timeout: Duration::from_millis(20), ..SqliteOptions::new(&path) };
    let store: AnyStore = Arc::new(SqliteStore::open(options).await.expect("open"));
    let (lost, mut forgotten) = (sample::member(), write(&store).await);
    forgotten.insert_member(&lost).await.expect("insert");
    let next = sample::a_member(&store).await;
    let outcome = forgotten.member_by_id(next.id).await;
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    assert!(forgotten.commit().await.is_err());
    assert_eq!(read(&store).await.member_by_id(lost.id).await.expect("read"), None);
    assert!(read(&store).await.member_by_id(next.id).await.expect("read").is_some());
    let forgotten = write(&store).await;
    sample::a_member(&store).await;
    let outcome = forgotten.commit().await;
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_migrate_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let applied = at_once(8, |_| {
        let path = path.clone();
        async move { open(&path).await.migrate().await.expect("migrate") }
    })
    .await;
    let mut versions = applied.concat();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    assert!(open(&path).await.schema_state().await.expect("state").is_current());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_cut_off_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    for number in 0..40 {
        let store = open(&path).await;
        let wait = Duration::from_micros(number * 300);
        if tokio::time::timeout(wait, store.migrate()).await.is_ok() {
            break;
        }
    }
    let store = open(&path).await;
    store.migrate().await.expect("migrate");
    assert!(store.schema_state().await.expect("state").is_current());
    sample::a_member(&store).await;
    assert_eq!(raw(&path).await.tables().await.len(), 44);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_migrations_are_reported_or_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    let store = open(&path).await;
    let state = store.schema_state().await.expect("state");
    assert_eq!((state.pending(), state.unknown()), (vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], vec![]));
    store.migrate().await.expect("migrate");
    let mut raw = raw(&path).await;
    raw.execute("INSERT INTO _sqlx_migrations VALUES (99, 'newer', CURRENT_TIMESTAMP, TRUE, x'00', 1)")
        .await
        .expect("insert");
    let state = store.schema_state().await.expect("state");
    assert_eq!((state.pending(), state.unknown(), state.is_current()), (vec![], vec![99], false));
    assert_eq!(store.migrate().await.expect("nothing to do"), Vec::<i64>::new());

    raw.execute("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2").await.expect("update");
    let refused = store.migrate().await.expect_err("another checksum").to_string();
    assert!(refused.contains("migration 2 (ceremonies)") && refused.contains("checksum"), "{refused}");
    raw.execute("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 1").await.expect("update");
    let refused = store.migrate().await.expect_err("half done").to_string();
    assert!(refused.contains("migration 1 (members)") && refused.contains("half done"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_area_of_the_trail_is_found_by_its_index() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("main.db");
    migrated(&path).await;
    let mut raw = raw(&path).await;
    let plan = sqlx::raw_sql(
        "EXPLAIN QUERY PLAN SELECT sequence FROM audit_events \
         WHERE substr(action, 1, instr(action, '.')) = 'session.' ORDER BY sequence DESC LIMIT 20",
    );
    let steps: Vec<String> =
        plan.fetch_all(&mut raw.0).await.expect("a plan").iter().map(|row| row.get("detail")).collect();
    assert!(steps.len() == 1 && steps[0].contains("audit_events_by_area"), "{steps:?}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("text.db");
    std::fs::write(&path, "this is no database at all, however long one looks at it".repeat(20))
        .expect("write");
    let outcome = SqliteStore::open(SqliteOptions::new(&path)).await.map(drop);
    assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
    let outcome = SqliteStore::open(SqliteOptions::new("/dev/null/main.db")).await.map(drop);
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

/// The binary knows every file, under its number and name, and the other engine has the same ones.
#[test]
fn every_migration_is_known_and_has_its_twin() {
    let known = include_str!("../src/migrate.rs");
    let files = |directory: &str| {
        let entries = std::fs::read_dir(directory).expect("migrations");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        files.sort();
        files
    };
    let ours = files(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"));
    assert_eq!(ours, files(concat!(env!("CARGO_MANIFEST_DIR"), "/../store-postgres/migrations")));
    for file in ours {
        let file = file.trim_end_matches(".sql");
        let number: u32 = file.split('_').next().and_then(|number| number.parse().ok()).expect("a number");
        assert!(known.contains(&format!("    {number} \"{file}\",")), "{file}");
    }
}
