//! Every case of the conformance suite, each with a database file of its own.

use std::{future::Future, sync::Arc};

use mainstay_store_conformance::AnyStore;
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};

async fn run<F: Future<Output = ()>>(case: impl FnOnce(AnyStore) -> F) {
    let directory = tempfile::tempdir().expect("a directory");
    let options = SqliteOptions::new(directory.path().join("main.db"));
    let store: AnyStore = Arc::new(SqliteStore::open(options).await.expect("open"));
    store.migrate().await.expect("migrate");
    case(Arc::clone(&store)).await;
    store.close().await;
}

macro_rules! tests {
    ($($module:ident { $($case:ident),* $(,)? })*) => {$(
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::run(mainstay_store_conformance::$module::$case).await;
                }
            )*
        }
    )*};
}

mainstay_store_conformance::cases!(tests);
