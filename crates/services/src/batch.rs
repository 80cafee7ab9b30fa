//! Writes that arrive at the same time are done together: while one batch is written, the next one gathers, until the moment at
//! which the database is ready for it. There is no artificial delay, so a lone write is as fast as without a batch.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use mainstay_store::{self as store, Access, Store, Tx};
use tokio::sync::{mpsc, oneshot};

use crate::{Code, Error, Result, limits};

/// Tells one of many what went wrong with all.
pub(crate) fn share(error: &store::Error) -> Error {
    match error {
        store::Error::Constraint(_) | store::Error::Failed(_) => Error::internal(error.to_string()),
        store::Error::Uncertain(_) => Error::uncertain(error.to_string()),
        store::Error::Contention(_) | store::Error::Unavailable(_) | store::Error::ReadOnly(_) => {
            Error::unavailable("database", error.to_string())
        }
    }
}

/// A transaction for a batch, or why there is none.
pub(crate) type Opened = store::Result<Box<dyn Tx>>;

/// Opens a transaction for each batch.
pub(crate) fn transactions(store: Arc<dyn Store>) -> impl FnMut() -> BoxFuture<'static, Opened> + Send {
    move || {
        let store = Arc::clone(&store);
        async move { store.begin(Access::Write).await }.boxed()
    }
}

/// The transaction that is open, and a new one for every other try.
pub(crate) async fn next_transaction(store: &dyn Store, opened: &mut Option<Opened>) -> Opened {
    match opened.take() {
        Some(opened) => opened,
        None => store.begin(Access::Write).await,
    }
}

struct Waiting<I, O> {
    item: I,
    answer: oneshot::Sender<Result<O>>,
}

/// The entrance to a batched write. The worker behind it ends when the last entrance is dropped.
pub(crate) struct Batcher<I, O> {
    queue: mpsc::Sender<Waiting<I, O>>,
}

impl<I: Send + 'static, O: Send + 'static> Batcher<I, O> {
    /// Starts the worker. `write` gets at most [`limits::BATCH_ITEMS_MAX`] items and answers one outcome per item, in order.
    pub(crate) fn start<F, Fut>(name: &'static str, mut write: F) -> Self
    where
        F: FnMut(Vec<I>) -> Fut + Send + 'static,
        Fut: Future<Output = Vec<Result<O>>> + Send,
    {
        Self::start_opened(name, async || (), move |(), items| write(items))
    }

    /// The same for work that has to be opened, by waiting for a transaction, say: what arrives while `open` is awaited belongs to
    /// the batch, too. `write` gets what was opened.
    pub(crate) fn start_opened<R, Open, Opening, Write, Writing>(
        name: &'static str,
        mut open: Open,
        mut write: Write,
    ) -> Self
    where
        R: Send,
        Open: FnMut() -> Opening + Send + 'static,
        Opening: Future<Output = R> + Send,
        Write: FnMut(R, Vec<I>) -> Writing + Send + 'static,
        Writing: Future<Output = Vec<Result<O>>> + Send,
    {
        let (queue, mut arrivals) = mpsc::channel::<Waiting<I, O>>(limits::BATCH_QUEUE_MAX);
        tokio::spawn(async move {
            let mut gathered = Vec::with_capacity(limits::BATCH_ITEMS_MAX);
            while arrivals.recv_many(&mut gathered, limits::BATCH_ITEMS_MAX).await > 0 {
                let opened = AssertUnwindSafe(async { open().await }).catch_unwind().await;
                while gathered.len() < limits::BATCH_ITEMS_MAX
                    && let Ok(next) = arrivals.try_recv()
                {
                    gathered.push(next);
                }
                // Whoever stopped waiting before the write began wants it no more.
                let (items, answers): (Vec<I>, Vec<_>) = gathered
                    .drain(..)
                    .filter(|waiting| !waiting.answer.is_closed())
                    .map(|waiting| (waiting.item, waiting.answer))
                    .unzip();
                if items.is_empty() {
                    continue;
                }
                metrics::histogram!("mainstay_batch_items", "batch" => name).record(items.len() as f64);
                let outcomes = match opened {
                    Ok(opened) => AssertUnwindSafe(async { write(opened, items).await }).catch_unwind().await,
                    Err(panic) => Err(panic),
                };
                let outcomes = outcomes.unwrap_or_else(|_| {
                    tracing::error!(event = "batch.panicked", batch = name);
                    Vec::new()
                });
                let mut outcomes = outcomes.into_iter();
                for answer in answers {
                    let outcome =
                        outcomes.next().unwrap_or_else(|| Err(Error::internal("a batched write broke off")));
                    // A caller who is gone meanwhile is told by nobody; the write stands.
                    let _ = answer.send(outcome);
                }
            }
        });
        Self { queue }
    }

    /// Hands one item over and waits for its outcome. Dropping the returned future before its batch begins takes it back.
    ///
    /// # Errors
    /// What the write answers, or [`Code::DependencyUnavailable`] at once while too many wait.
    pub(crate) async fn submit(&self, item: I) -> Result<O> {
        let (answer, outcome) = oneshot::channel();
        self.queue.try_send(Waiting { item, answer }).map_err(|_| {
            Error::new(Code::DependencyUnavailable, "Too many changes are waiting to be written. Try again.")
                .retry_after(limits::BATCH_RETRY_AFTER)
        })?;
        outcome.await.unwrap_or_else(|_| Err(Error::internal("the batched writer is gone")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_arrives_during_a_write_is_written_together() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let batcher = Arc::new(Batcher::start("test", {
            let (sizes, entered, release) = (Arc::clone(&sizes), Arc::clone(&entered), Arc::clone(&release));
            move |items: Vec<u32>| {
                let (sizes, entered, release) =
                    (Arc::clone(&sizes), Arc::clone(&entered), Arc::clone(&release));
                async move {
                    sizes.lock().expect("not poisoned").push(items.len());
                    entered.notify_one();
                    release.notified().await;
                    items.into_iter().map(|item| Ok(item * 2)).collect()
                }
            }
        }));
        let submit = |item| {
            let batcher = Arc::clone(&batcher);
            tokio::spawn(async move { batcher.submit(item).await })
        };
        let first = submit(1);
        entered.notified().await;
        let rest: Vec<_> = (2..10).map(submit).collect();
        // Dropped before its batch begins: never written.
        let dropped = submit(99);
        while batcher.queue.capacity() > limits::BATCH_QUEUE_MAX - 9 {
            tokio::task::yield_now().await;
        }
        dropped.abort();
        assert!(dropped.await.expect_err("aborted").is_cancelled());
        release.notify_one();
        entered.notified().await;
        release.notify_one();
        assert_eq!(first.await.expect("joins").expect("is written"), 2);
        for (item, outcome) in (2..10).zip(rest) {
            assert_eq!(outcome.await.expect("joins").expect("is written"), item * 2);
        }
        assert_eq!(*sizes.lock().expect("not poisoned"), [1, 8]);
    }

    #[tokio::test]
    async fn what_arrives_while_a_write_is_opened_belongs_to_it() {
        let (opening, opened) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let open = {
            let (opening, opened) = (Arc::clone(&opening), Arc::clone(&opened));
            move || {
                let (opening, opened) = (Arc::clone(&opening), Arc::clone(&opened));
                async move {
                    opening.notify_one();
                    opened.notified().await;
                }
            }
        };
        let write = |(), items: Vec<u32>| async move {
            let together = items.len();
            items.into_iter().map(|_| Ok(together)).collect()
        };
        let batcher = Arc::new(Batcher::start_opened("test", open, write));
        let submit = |item| {
            let batcher = Arc::clone(&batcher);
            tokio::spawn(async move { batcher.submit(item).await })
        };
        let first = submit(1);
        opening.notified().await;
        let rest: Vec<_> = (2..5).map(submit).collect();
        while batcher.queue.capacity() > limits::BATCH_QUEUE_MAX - 3 {
            tokio::task::yield_now().await;
        }
        opened.notify_one();
        for outcome in std::iter::once(first).chain(rest) {
            assert_eq!(outcome.await.expect("joins").expect("is written"), 4);
        }
    }

    #[tokio::test]
    async fn a_panic_fails_its_batch_and_no_other() {
        let batcher = Batcher::start("test", |items: Vec<u32>| async move {
            assert!(!items.contains(&13), "a bug");
            items.into_iter().map(Ok).collect()
        });
        assert_eq!(batcher.submit(13).await.expect_err("fails").code, Code::Internal);
        assert_eq!(batcher.submit(1).await.expect("works"), 1);
    }

    #[test]
    fn one_of_many_is_told_what_a_lone_caller_is_told() {
        type Fault = fn(String) -> store::Error;
        let faults: [(Fault, Code); 6] = [
            (store::Error::Uncertain, Code::OutcomeUnknown),
            (store::Error::Unavailable, Code::DependencyUnavailable),
            (store::Error::Contention, Code::DependencyUnavailable),
            (store::Error::ReadOnly, Code::DependencyUnavailable),
            (store::Error::Constraint, Code::Internal),
            (store::Error::Failed, Code::Internal),
        ];
        for (fault, code) in faults {
            let (shared, alone) = (share(&fault(String::new())), Error::from(fault(String::new())));
            assert_eq!((shared.code, shared.retry_after), (code, alone.retry_after));
            assert_eq!((alone.code, &alone.detail), (code, &shared.detail));
        }
    }
}
