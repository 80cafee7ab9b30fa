//! How many single-row transactions a second each engine does through the contract, with 32 tasks at once.
//!
//! `throughput sqlite:/tmp/bench.db` or `throughput postgres://…`, and how many seconds each measurement lasts.

use std::{
    future::Future,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mainstay_model::{MemberId, note::Note, page::PageRequest};
use mainstay_store::Access;
use mainstay_store_conformance::{AnyStore, sample};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};

const TASKS: usize = 32;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().expect("a database");
    let seconds: u64 = arguments.next().map_or(3, |text| text.parse().expect("seconds"));
    let store: AnyStore = match target.strip_prefix("sqlite:") {
        Some(path) => Arc::new(SqliteStore::open(SqliteOptions::new(path)).await.expect("open")),
        None => {
            let store = PostgresStore::connect(PostgresOptions::new(&target)).await.expect("connect");
            say(&format!("pooled: {}", store.is_pooled()));
            Arc::new(store)
        }
    };
    store.migrate().await.expect("migrate");
    store.ping().await.expect("ping");
    say(&format!("memory after the start: {}", memory()));
    let duration = Duration::from_secs(seconds);
    let owner = sample::a_member(&store).await.id;
    let notes: Arc<[Note]> = (0..1_000).map(|number| sample::note(owner, &number.to_string())).collect();
    let mut tx = store.begin(Access::Write).await.expect("begin");
    tx.insert_notes(&notes).await.expect("insert");
    tx.commit().await.expect("commit");

    measure("begin and drop a read", duration, &store, |store, _| async move {
        drop(store.begin(Access::Read).await.expect("begin"));
    })
    .await;
    measure("read one note by id", duration, &store, {
        let notes = Arc::clone(&notes);
        move |store, turn| {
            let note = notes[turn as usize % notes.len()].id;
            async move { read(&store, owner, note).await }
        }
    })
    .await;
    measure("read a page of 20", duration, &store, move |store, _| async move {
        let page = PageRequest { limit: 20, before: None };
        let mut tx = store.begin(Access::Read).await.expect("begin");
        tx.notes_of_member(owner, page).await.expect("read");
    })
    .await;
    measure("insert one note and commit", duration, &store, move |store, _| async move {
        insert(&store, &[sample::note(owner, "a note of usual length, with a few words in it")]).await;
    })
    .await;
    measure("insert 50 notes and commit", duration, &store, move |store, _| async move {
        let notes: Vec<_> = (0..50).map(|_| sample::note(owner, "a note of usual length")).collect();
        insert(&store, &notes).await;
    })
    .await;
    measure("sign in: session, token, audit event", duration, &store, move |store, _| async move {
        let (session, token) = sample::session(owner);
        let mut tx = store.begin(Access::Write).await.expect("begin");
        tx.insert_session(&session, &token).await.expect("insert");
        tx.append_audit_events(&[sample::event("session.created", 1)]).await.expect("append");
        tx.commit().await.expect("commit");
    })
    .await;
    say(&format!("memory at the end: {}", memory()));
    store.close().await;
}

async fn read(store: &AnyStore, owner: MemberId, note: mainstay_model::NoteId) {
    let mut tx = store.begin(Access::Read).await.expect("begin");
    assert!(tx.note_by_id(owner, note).await.expect("read").is_some());
}

async fn insert(store: &AnyStore, notes: &[Note]) {
    let mut tx = store.begin(Access::Write).await.expect("begin");
    tx.insert_notes(notes).await.expect("insert");
    tx.commit().await.expect("commit");
}

async fn measure<F: Future<Output = ()> + Send + 'static>(
    name: &str,
    duration: Duration,
    store: &AnyStore,
    work: impl Fn(AnyStore, u64) -> F + Clone + Send + 'static,
) {
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (store, done, stop, work) =
                (store.clone(), Arc::clone(&done), Arc::clone(&stop), work.clone());
            tokio::spawn(async move {
                let mut slowest = Duration::ZERO;
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    work(store.clone(), done.fetch_add(1, Ordering::Relaxed)).await;
                    slowest = slowest.max(begun.elapsed());
                }
                slowest
            })
        })
        .collect();
    tokio::time::sleep(duration).await;
    stop.store(true, Ordering::Relaxed);
    let mut slowest = Duration::ZERO;
    for task in tasks {
        slowest = slowest.max(task.await.expect("a task"));
    }
    let rate = done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    let mean = TASKS as f64 / rate * 1e6;
    say(&format!("{name:<40} {rate:>9.0} /s   mean {mean:>7.0} µs   slowest {slowest:?}"));
}

/// Resident memory, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("unknown").to_owned()
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
