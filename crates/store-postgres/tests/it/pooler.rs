//! A real PgBouncer in front of the scratch server, as a child process of the test.

use std::{
    future::Future,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use mainstay_store::{Access, Store};
use mainstay_store_conformance::{AnyStore, at_once, sample};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnectOptions;

use crate::server::{Database, always_dropping, server_url};

const PROGRAM: &str = "/usr/sbin/pgbouncer";
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// Ends with the test.
pub(crate) struct Pooler {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Pooler {
    /// `mode` is `transaction` or `session`.
    pub(crate) fn start(mode: &str) -> Self {
        let server: PgConnectOptions = server_url().parse().expect("a URL");
        let directory = tempfile::tempdir().expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let config = directory.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={} port={} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 12\nmax_client_conn = 200\n",
            server.get_host(),
            server.get_port(),
            server.get_username(),
        );
        std::fs::write(&config, text).expect("the configuration");
        let mut command = Command::new(PROGRAM);
        command.arg("-q").stdout(Stdio::null()).stderr(Stdio::null());
        make_readable(directory.path());
        if runs_as_root() {
            // It refuses to.
            command.args(["-u", "postgres"]);
        }
        let child = command.arg(&config).spawn().unwrap_or_else(|error| panic!("{PROGRAM}: {error}"));
        let pooler = Self { child, port, _directory: directory };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < START_TIMEOUT, "{PROGRAM} does not listen");
            std::thread::yield_now();
        }
        pooler
    }

    pub(crate) fn url(&self, database: &Database) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, database.name)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end or to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn make_readable(directory: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// Like [`crate::server::with_store`], and nobody tells the store that there is a pooler.
pub(crate) async fn with_pooled_store<F: Future<Output = ()>>(case: impl FnOnce(AnyStore) -> F) {
    let pooler = Pooler::start("transaction");
    let database = Database::migrated().await;
    let store = PostgresStore::connect(PostgresOptions::new(pooler.url(&database))).await.expect("connect");
    assert!(store.is_pooled());
    always_dropping(database, case(Arc::new(store))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_found_out() {
    let database = Database::migrated().await;
    let (transaction, session) = (Pooler::start("transaction"), Pooler::start("session"));
    for (url, told, pooled) in [
        (database.url.clone(), None, false),
        (database.url.clone(), Some(true), true),
        (transaction.url(&database), None, true),
        (session.url(&database), None, false),
    ] {
        let options = PostgresOptions { pooled: told, max_connections: 4, ..PostgresOptions::new(url) };
        let store = PostgresStore::connect(options).await.expect("connect");
        assert_eq!(store.is_pooled(), pooled);
        let store: AnyStore = Arc::new(store);
        let member = sample::a_member(&store).await;
        for access in [Access::Read, Access::Snapshot, Access::Write] {
            let mut tx = store.begin(access).await.expect("begin");
            assert_eq!(tx.member_by_id(member.id).await.expect("read"), Some(member.clone()));
        }
        store.close().await;
    }
    database.drop().await;
}

/// With more clients than server processes, so that these change hands all the time; nobody may wait for two at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_found_out_while_it_is_busy() {
    let database = Database::migrated().await;
    let pooler = Pooler::start("transaction");
    let found = at_once(30, |_| {
        let url = pooler.url(&database);
        async move {
            let options = PostgresOptions { max_connections: 3, ..PostgresOptions::new(url) };
            let store = PostgresStore::connect(options).await.expect("connect");
            let pooled = store.is_pooled();
            let store: AnyStore = Arc::new(store);
            sample::a_member(&store).await;
            pooled
        }
    })
    .await;
    assert_eq!(found, [true; 30]);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_migrate_once_through_it() {
    let database = Database::empty().await;
    let pooler = Pooler::start("transaction");
    let applied = at_once(8, |_| {
        let url = pooler.url(&database);
        async move {
            let store = PostgresStore::connect(PostgresOptions::new(url)).await.expect("connect");
            assert!(store.is_pooled());
            store.migrate().await.expect("migrate")
        }
    })
    .await;
    let mut versions = applied.concat();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    database.drop().await;
}
