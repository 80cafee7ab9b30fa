//! A runtime that goes down while transactions are open.

use std::sync::Arc;

use mainstay_store::{Access, Store};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use tokio::runtime::Builder;

use crate::server::Database;

/// An unfinished transaction hands its connection to a task that rolls back. A runtime on its way down takes no task and drops it,
/// with the connection in it: that must be the end, and not the beginning of another task.
#[test]
fn open_transactions_go_down_with_their_runtime() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let database = runtime.block_on(Database::migrated());
    for _ in 0..20 {
        let short = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let url = database.url.clone();
        let store =
            short.block_on(async { PostgresStore::connect(PostgresOptions::new(url)).await.expect("opens") });
        let store = Arc::new(store);
        for _ in 0..4 {
            let store = Arc::clone(&store);
            short.spawn(async move {
                let mut tx = store.begin(Access::Write).await.expect("begins");
                tx.lock_name("shutdown").await.expect("locks");
                std::future::pending::<()>().await;
            });
        }
        short.block_on(async { drop(store.begin(Access::Snapshot).await.expect("begins")) });
        drop(store);
        drop(short);
    }
    runtime.block_on(database.drop());
}
