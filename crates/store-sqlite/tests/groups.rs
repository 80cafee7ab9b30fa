//! That commits which wait for the disk at the same time share one, as the metrics tell. The only test here, because the
//! recorder of metrics belongs to the process.

use std::sync::{Arc, Mutex};

use mainstay_store_conformance::{AnyStore, at_once, sample};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

#[derive(Clone, Default)]
struct Groups(Arc<Mutex<Vec<f64>>>);

impl HistogramFn for Groups {
    fn record(&self, value: f64) {
        self.0.lock().expect("the list").push(value);
    }
}

impl Recorder for Groups {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        if key.name() == "mainstay_db_commit_group_size" {
            Histogram::from_arc(Arc::new(self.clone()))
        } else {
            Histogram::noop()
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_wait_together_share_one() {
    const TASKS: usize = 32;
    const ROUNDS: usize = 8;

    let groups = Groups::default();
    metrics::set_global_recorder(groups.clone()).expect("the first recorder");
    let directory = tempfile::tempdir().expect("a directory");
    let options = SqliteOptions::new(directory.path().join("main.db"));
    let store: AnyStore = Arc::new(SqliteStore::open(options).await.expect("open"));
    store.migrate().await.expect("migrate");
    at_once(TASKS, |_| {
        let store = store.clone();
        async move {
            for _ in 0..ROUNDS {
                sample::a_member(&store).await;
            }
        }
    })
    .await;
    store.close().await;
    let groups = groups.0.lock().expect("the list").clone();
    let transactions: f64 = groups.iter().sum();
    assert_eq!(transactions as usize, TASKS * ROUNDS);
    assert!(groups.len() * 2 < TASKS * ROUNDS, "{} physical commits", groups.len());
    assert!(groups.iter().all(|group| *group <= 64.0));
}
