//! A database of its own for each test, copied from a migrated template, on the scratch server that the tests are given.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use futures::FutureExt;
use mainstay_store::Store;
use mainstay_store_conformance::AnyStore;
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgConnection},
};

const VARIABLE: &str = "MAINSTAY_TEST_POSTGRES_URL";
/// Advisory lock that makers of the template and of databases take: the server copies a template only while nobody uses it.
const TEMPLATE_LOCK: i64 = 7_046_029_254_386_353_131;
const TEMPLATE: &str = "mainstay_conformance_template";

/// The URL of the scratch server.
pub(crate) fn server_url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set; `cargo xtask test` starts a scratch server and sets it")
    })
}

/// The same server's URL with another database.
pub(crate) fn database_url(database: &str) -> String {
    let url = server_url();
    let (path, query) = url.split_once('?').map_or((url.as_str(), None), |(path, query)| (path, Some(query)));
    let scheme = path.find("://").map_or(0, |at| at + 3);
    let server = path[scheme..].find('/').map_or(path, |at| &path[..scheme + at]);
    query.map_or_else(|| format!("{server}/{database}"), |query| format!("{server}/{database}?{query}"))
}

/// A plain connection.
pub(crate) async fn connect(url: &str) -> PgConnection {
    let options = PgConnectOptions::from_str(url).expect("a URL");
    options.connect().await.unwrap_or_else(|error| panic!("the scratch server of {VARIABLE}: {error}"))
}

/// Runs statements without arguments.
pub(crate) async fn execute(connection: &mut PgConnection, statements: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(drop)
}

/// A database that is removed at the end.
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) url: String,
}

impl Database {
    /// Without any table. Its language is not C, so that whatever relies on the order of bytes shows.
    pub(crate) async fn empty() -> Self {
        let name = unique_name();
        let mut server = connect(&server_url()).await;
        create_empty(&mut server, &name).await;
        Self { url: database_url(&name), name }
    }

    /// With the present schema.
    pub(crate) async fn migrated() -> Self {
        let name = unique_name();
        let mut server = connect(&server_url()).await;
        execute(&mut server, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await.expect("lock");
        let template = template(&mut server).await;
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        execute(&mut server, &create).await.expect("create");
        server.close().await.expect("close, which unlocks");
        Self { url: database_url(&name), name }
    }

    pub(crate) async fn drop(self) {
        let mut server = connect(&server_url()).await;
        execute(&mut server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.expect("drop");
    }
}

/// Makes the template when this server does not have it yet. Its name tells the migrations, so a new one makes a new template.
async fn template(server: &mut PgConnection) -> String {
    let mut hash = 0_u64;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("migrations") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a migration");
        let file = bytes.iter().fold(5_381_u64, |hash, byte| hash.wrapping_mul(33) ^ u64::from(*byte));
        hash = hash.wrapping_add(file);
    }
    let name = format!("{TEMPLATE}_{hash:016x}");
    let known = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    let found = sqlx::raw_sql(AssertSqlSafe(known)).fetch_optional(&mut *server).await.expect("ask");
    if found.is_none() {
        // Made under another name first, so that a test that is killed here leaves no half template.
        let unfinished = unique_name();
        create_empty(server, &unfinished).await;
        let options =
            PostgresOptions { pooled: Some(false), ..PostgresOptions::new(database_url(&unfinished)) };
        let store = PostgresStore::connect(options).await.expect("connect");
        store.migrate().await.expect("migrate");
        store.close().await;
        execute(server, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await.expect("rename");
    }
    name
}

async fn create_empty(server: &mut PgConnection, name: &str) {
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' \
         LOCALE 'C.UTF-8'"
    );
    execute(server, &create).await.expect("create");
}

fn unique_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let nanos = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
    format!("mainstay_test_{}_{}_{nanos}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Runs a case on a migrated database of its own.
pub(crate) async fn with_store<F: Future<Output = ()>>(case: impl FnOnce(AnyStore) -> F) {
    let database = Database::migrated().await;
    let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&database.url) };
    let store = PostgresStore::connect(options).await.expect("connect");
    assert!(!store.is_pooled());
    always_dropping(database, case(Arc::new(store))).await;
}

/// Removes the database however the test ends.
pub(crate) async fn always_dropping(database: Database, test: impl Future<Output = ()>) {
    let outcome = AssertUnwindSafe(test).catch_unwind().await;
    database.drop().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
