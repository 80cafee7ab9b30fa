//! Waiting, deadlocks and lost connections, in the contract's words.

use std::{sync::Arc, time::Duration};

use mainstay_store::{Error, Tx};
use mainstay_store_conformance::{AnyStore, read, sample, write};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};

use crate::server::{Database, always_dropping, connect, execute};

async fn store(database: &Database, change: impl FnOnce(&mut PostgresOptions)) -> AnyStore {
    let mut options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&database.url) };
    change(&mut options);
    Arc::new(PostgresStore::connect(options).await.expect("connect"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_does_not_come_is_contention() {
    let database = Database::migrated().await;
    let impatient = store(&database, |options| options.lock_timeout = Duration::from_millis(50)).await;
    let hurried = store(&database, |options| options.statement_timeout = Duration::from_millis(50)).await;
    always_dropping(database, async move {
        let member = sample::a_member(&impatient).await;
        let mut holder = write(&impatient).await;
        holder.lock_member(member.id).await.expect("lock");
        holder.lock_name("name").await.expect("lock");
        let outcome = write(&impatient).await.lock_member(member.id).await;
        assert!(matches!(outcome, Err(Error::Contention(_))), "{outcome:?}");
        let outcome = write(&impatient).await.lock_name("name").await;
        assert!(matches!(outcome, Err(Error::Contention(_))), "{outcome:?}");
        let outcome = write(&hurried).await.lock_member(member.id).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
        // The lock is no obstacle for what only refers to the row.
        write(&impatient).await.insert_notes(&[sample::note(member.id, "text")]).await.expect("insert");
        drop(holder);
        // The lock of a removal is.
        let mut holder = write(&impatient).await;
        holder.lock_member_and_references(member.id).await.expect("lock");
        let outcome = write(&impatient).await.insert_notes(&[sample::note(member.id, "text")]).await;
        assert!(matches!(outcome, Err(Error::Contention(_))), "{outcome:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_contention() {
    let database = Database::migrated().await;
    let store = store(&database, |_| {}).await;
    always_dropping(database, async move {
        let (a, b) = (sample::a_member(&store).await.id, sample::a_member(&store).await.id);
        let (mut one, mut two) = (write(&store).await, write(&store).await);
        one.lock_member(a).await.expect("lock");
        two.lock_member(b).await.expect("lock");
        let finish = |mut tx: Box<dyn Tx>, id| async move {
            let outcome = tx.lock_member(id).await.map(drop);
            drop(tx);
            outcome
        };
        let outcomes = futures::join!(finish(one, b), finish(two, a));
        let outcomes = [outcomes.0, outcomes.1];
        let lost: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert!(matches!(lost[..], [Error::Contention(_)]), "{outcomes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_told_and_replaced() {
    let database = Database::migrated().await;
    let store = store(&database, |options| options.max_connections = 3).await;
    let mut outside = connect(&database.url).await;
    always_dropping(database, async move {
        let member = sample::a_member(&store).await;
        let mut tx = write(&store).await;
        tx.lock_member(member.id).await.expect("lock");
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                    AND pid <> pg_backend_pid()";
        execute(&mut outside, kill).await.expect("kill");
        let outcome = tx.lock_member(member.id).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
        assert!(tx.commit().await.is_err());
        // Each dead connection is met at most once.
        let mut failures = 0;
        loop {
            match read(&store).await.member_by_id(member.id).await {
                Ok(found) => break assert_eq!(found, Some(member)),
                Err(Error::Unavailable(_)) if failures < 3 => failures += 1,
                Err(error) => panic!("{error}"),
            }
        }
        store.ping().await.expect("ping");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_t_be_reached_is_unavailable() {
    let database = Database::migrated().await;
    let busy = store(&database, |options| {
        options.max_connections = 1;
        options.acquire_timeout = Duration::from_millis(100);
    })
    .await;
    let holder = write(&busy).await;
    let outcome = busy.begin(mainstay_store::Access::Read).await.map(drop);
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    drop(holder);
    database.drop().await;

    for url in
        ["postgres://postgres@127.0.0.1:1/nothing", &crate::server::database_url("there_is_no_such_database")]
    {
        let options =
            PostgresOptions { acquire_timeout: Duration::from_millis(500), ..PostgresOptions::new(url) };
        assert!(!format!("{options:?}").contains("127.0.0.1"));
        let outcome = PostgresStore::connect(options).await.map(drop);
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }
    let outcome = PostgresStore::connect(PostgresOptions::new("no URL")).await.map(drop);
    assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
}
