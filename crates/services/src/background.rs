//! Loops that run beside requests. One iteration that fails or panics is logged and counted; the loop goes on.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::{App, Result, limits};

/// Runs one iteration. Whatever it does, this returns; answers its value when there is one.
pub(crate) async fn contained<T>(task: &'static str, work: impl Future<Output = Result<T>>) -> Option<T> {
    let fault = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(error)) => {
            let cause = error.cause.as_deref().map(ToString::to_string).unwrap_or_default();
            tracing::error!(event = "background.failed", task, code = error.code.as_str(), cause);
            "error"
        }
        // The panic's text may hold anything, so it is left to the process's panic hook.
        Err(_) => {
            tracing::error!(event = "background.panicked", task);
            "panic"
        }
    };
    metrics::counter!("mainstay_background_faults_total", "task" => task, "fault" => fault).increment(1);
    None
}

/// Runs an iteration as [`contained`], but gives it only a last moment once `stop` is cancelled; then it is dropped, which
/// rolls open transactions back.
pub(crate) async fn contained_until<T>(
    task: &'static str,
    stop: &CancellationToken,
    work: impl Future<Output = Result<T>>,
) -> Option<T> {
    tokio::select! {
        value = contained(task, work) => value,
        () = async { stop.cancelled().await; tokio::time::sleep(limits::BACKGROUND_DRAIN).await } => None,
    }
}

/// Takes the turn to do what only one node does at a time and once in `interval`. Answers whether it was free.
pub(crate) async fn take_turn(app: &App, lease: &str, interval: Duration) -> Result<bool> {
    // A holder of its own for each run: even the same node waits for the interval to pass.
    let holder = app.new_uuid().to_string();
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let now = app.now();
        let is_taken = tx.take_lease(lease, &holder, now, now + interval).await?;
        tx.commit().await?;
        Ok(is_taken)
    })
    .await
}

/// Waits for `interval`, a hint or the end. Answers false when it is the end.
pub(crate) async fn pause(
    interval: Duration,
    stop: &CancellationToken,
    hint: impl Future<Output = ()>,
) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = hint => true,
        () = tokio::time::sleep(interval) => true,
    }
}
