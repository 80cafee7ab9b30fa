//! A database of its own for each test. PostgreSQL's are copied from a migrated template, which is made once for each state of
//! the migrations.

use std::{path::Path, sync::Arc};

use mainstay_services::crypto;
use mainstay_store::Store;
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Any number that nothing else locks on the scratch server.
const TEMPLATE_LOCK: i64 = 0x6d61_696e_7374_6179;
const URL_VARIABLE: &str = "MAINSTAY_TEST_POSTGRES_URL";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A migrated database that is gone after the test.
pub(crate) enum Database {
    Sqlite(tempfile::TempDir),
    Postgres { admin_url: String, name: String },
}

impl Database {
    /// Makes one.
    pub(crate) async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let database = Self::Sqlite(tempfile::tempdir().expect("a folder is made"));
                let store = database.open().await;
                store.migrate().await.expect("migrates");
                store.close().await;
                database
            }
            Engine::Postgres => {
                let admin_url = std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
                    panic!("{URL_VARIABLE} is not set: run the tests by `cargo xtask test`, which starts a server")
                });
                let template = template(&admin_url).await;
                let name = format!("mainstay_test_{}", uuid::Uuid::new_v4().simple());
                execute(&admin_url, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self::Postgres { admin_url, name }
            }
        }
    }

    /// Opens it, once for each node of a test.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(folder) => {
                let options = SqliteOptions::new(folder.path().join("test.sqlite"));
                Arc::new(SqliteStore::open(options).await.expect("opens"))
            }
            Self::Postgres { admin_url, name } => Arc::new(connect(&database_url(admin_url, name)).await),
        }
    }

    /// Changes rows behind the application's back, as an intruder in the database would.
    pub(crate) async fn tamper(&self, statements: &[&str]) {
        match self {
            Self::Sqlite(folder) => {
                let url = format!("sqlite://{}", folder.path().join("test.sqlite").display());
                let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("opens");
                for &statement in statements {
                    let statement = AssertSqlSafe(statement.to_owned());
                    sqlx::raw_sql(statement).execute(&mut connection).await.expect("executes");
                }
            }
            Self::Postgres { admin_url, name } => {
                for statement in statements {
                    execute(&database_url(admin_url, name), statement).await;
                }
            }
        }
    }

    /// Removes it. A test that fails leaves its database to the scratch server's end.
    pub(crate) async fn remove(self) {
        if let Self::Postgres { admin_url, name } = self {
            execute(&admin_url, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// The name of the template for the present migrations; makes it if no other test did.
async fn template(admin_url: &str) -> String {
    let name = format!("mainstay_template_{}", &hex::encode(migrations_hash())[..16]);
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

/// The same server, another database.
fn database_url(admin_url: &str, name: &str) -> String {
    let mut url = url::Url::parse(admin_url).expect("a URL");
    url.set_path(name);
    url.to_string()
}

fn migrations_hash() -> [u8; 32] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store-postgres/migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let contents: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).expect("a file")).collect();
    crypto::sha256(&contents)
}
