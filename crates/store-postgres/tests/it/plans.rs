//! What the server makes of the statements.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mainstay_model::ledger::AccountRef;
use mainstay_store_conformance::{AnyStore, read, sample, write};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use sqlx::Row;

use crate::server::{Database, always_dropping, connect};

/// A session plans a statement for good after five times.
const BATCHES: usize = 20;
/// The server gathers what its sessions count within about a second.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// A statement that was planned while its table was empty must not go on to read it whole when it has grown.
#[tokio::test]
async fn no_statement_of_the_hot_paths_reads_a_table_whole() {
    let database = Database::migrated().await;
    let url = database.url.clone();
    always_dropping(database, async move {
        let options = PostgresOptions { pooled: Some(false), ..PostgresOptions::new(&url) };
        let store: AnyStore = Arc::new(PostgresStore::connect(options).await.expect("connects"));
        for number in 0..BATCHES {
            let member = sample::a_member(&store).await;
            let postings = [(); 8].map(|()| sample::grant(AccountRef::member(member.id), 1));
            let mut tx = write(&store).await;
            tx.active_members(&[member.id]).await.expect("reads");
            tx.post(&postings).await.expect("posts");
            tx.post(&postings).await.expect("says the same again");
            tx.append_audit_events(&[sample::event("wallet.granted", 0)]).await.expect("appends");
            let event = sample::inbox_event("till", &number.to_string());
            tx.record_inbox_events(std::slice::from_ref(&event)).await.expect("records");
            tx.record_inbox_events(std::slice::from_ref(&event)).await.expect("knows it");
            tx.insert_notes(&[sample::note(member.id, "text")]).await.expect("inserts");
            tx.commit().await.expect("commits");
            read(&store).await.active_members(&[member.id]).await.expect("reads");
        }
        store.close().await;
        let whole = told(&url).await;
        assert!(whole.is_empty(), "read whole: {whole:?}");
    })
    .await;
}

/// The tables that were read from end to end, and how often, once the server has counted all that was done.
async fn told(url: &str) -> Vec<(String, i64)> {
    let mut connection = connect(url).await;
    let begun = Instant::now();
    loop {
        let rows = sqlx::raw_sql(
            "SELECT relname::text, seq_scan, n_tup_ins FROM pg_stat_user_tables WHERE relname <> '_sqlx_migrations'",
        )
        .fetch_all(&mut connection)
        .await
        .expect("reads");
        let of = |row: &sqlx::postgres::PgRow, column: &str| row.get::<i64, _>(column);
        let notes = rows.iter().find(|row| row.get::<String, _>("relname") == "notes").expect("is there");
        if of(notes, "n_tup_ins") == BATCHES as i64 {
            let whole = rows.iter().filter(|row| of(row, "seq_scan") > 0);
            return whole.map(|row| (row.get("relname"), of(row, "seq_scan"))).collect();
        }
        assert!(begun.elapsed() < TOLD_WITHIN, "the server does not tell what was done");
        // poll: until the deadline above.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
