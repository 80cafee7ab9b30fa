//! A store that counts its transactions and can be made to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use mainstay_store::{Access, Error, PoolState, Result, SchemaState, Store, Tx};

/// Counts, and fails on demand.
pub(crate) struct ObservedStore {
    inner: Arc<dyn Store>,
    reads: AtomicU64,
    writes: AtomicU64,
    is_down: AtomicBool,
    panics: AtomicU64,
}

impl ObservedStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
            panics: AtomicU64::new(0),
        }
    }

    /// Transactions so far: (reads, writes).
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.reads.load(Ordering::SeqCst), self.writes.load(Ordering::SeqCst))
    }

    /// Makes it unreachable, or reachable again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Panics that are still to come.
    pub(crate) fn panics_left(&self) -> u64 {
        self.panics.load(Ordering::SeqCst)
    }

    /// Has the next so many transactions panic, as a bug below would.
    pub(crate) fn panic_next(&self, times: u64) {
        self.panics.store(times, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for ObservedStore {
    async fn begin(&self, access: Access) -> Result<Box<dyn Tx>> {
        let counter = if access == Access::Write { &self.writes } else { &self.reads };
        counter.fetch_add(1, Ordering::SeqCst);
        let panics = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(panics.is_err(), "a bug in the store");
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::Unavailable("down".to_owned()));
        }
        self.inner.begin(access).await
    }

    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }

    async fn schema_state(&self) -> Result<SchemaState> {
        self.inner.schema_state().await
    }

    async fn migrate(&self) -> Result<Vec<i64>> {
        self.inner.migrate().await
    }

    fn pool_state(&self) -> PoolState {
        self.inner.pool_state()
    }

    fn engine(&self) -> &'static str {
        self.inner.engine()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
