//! A migrated database of its own for each test. PostgreSQL's are copied from a template, which is made once.

use std::{path::Path, sync::Arc, thread};

use mainstay_providers::SystemRandom;
use mainstay_services::{crypto, ports::Random};
use mainstay_store::Store;
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Any number that nothing else locks on the scratch server.
const TEMPLATE_LOCK: i64 = 0x6d61_696e_6874_7470;
const URL_VARIABLE: &str = "MAINSTAY_TEST_POSTGRES_URL";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A database that is gone after the test.
pub(crate) enum Database {
    Sqlite(tempfile::TempDir),
    Postgres { admin_url: String, name: String },
}

impl Database {
    pub(crate) async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let database = Self::Sqlite(tempfile::tempdir().expect("a folder"));
                database.open().await.migrate().await.expect("migrates");
                database
            }
            Engine::Postgres => {
                let admin_url = std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
                    panic!("{URL_VARIABLE} is not set: run the tests by `cargo xtask test`, which starts a server")
                });
                let template = template(&admin_url).await;
                let mut bytes = [0; 8];
                SystemRandom.fill(&mut bytes);
                let name = format!("mainstay_http_{:016x}", u64::from_be_bytes(bytes));
                execute(&admin_url, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self::Postgres { admin_url, name }
            }
        }
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(folder) => {
                let options = SqliteOptions::new(folder.path().join("test.sqlite"));
                Arc::new(SqliteStore::open(options).await.expect("opens"))
            }
            Self::Postgres { admin_url, name } => Arc::new(connect(&database_url(admin_url, name)).await),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { admin_url, name } = self {
            let (url, statement) = (admin_url.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let dropping = thread::spawn(move || {
                if let Ok(runtime) = runtime {
                    runtime.block_on(async {
                        if let Ok(mut admin) = PgConnection::connect(&url).await {
                            let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await;
                        }
                    });
                }
            });
            let _ = dropping.join();
        }
    }
}

/// The name of the template for the present migrations; makes it if no other test did.
async fn template(admin_url: &str) -> String {
    let name = format!("mainstay_http_template_{}", migrations_name());
    let mut admin = PgConnection::connect(admin_url).await.expect("connects");
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut admin).await.expect("locks");
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut admin)
        .await
        .expect("reads");
    if !exists {
        // Under a name of its own until it is whole.
        let draft = format!("{name}_draft");
        execute(admin_url, &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        execute(admin_url, &format!("CREATE DATABASE {draft}")).await;
        let store = connect(&database_url(admin_url, &draft)).await;
        store.migrate().await.expect("migrates");
        store.close().await;
        execute(admin_url, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    admin.close().await.expect("closes");
    name
}

async fn connect(url: &str) -> PostgresStore {
    let options = PostgresOptions { max_connections: 8, ..PostgresOptions::new(url) };
    PostgresStore::connect(options).await.expect("connects")
}

async fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url).await.expect("connects");
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("executes");
    connection.close().await.expect("closes");
}

fn database_url(admin_url: &str, name: &str) -> String {
    let mut url = url::Url::parse(admin_url).expect("a URL");
    url.set_path(name);
    url.to_string()
}

fn migrations_name() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store-postgres/migrations");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let contents: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).expect("a file")).collect();
    crypto::sha256(&contents)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
