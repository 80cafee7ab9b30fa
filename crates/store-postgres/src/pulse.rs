//! Tells a server that is slow from one that is gone.
//!
//! A frozen machine or a dropped network path closes no connection: whoever waits for an answer would wait until the longest
//! statement must have ended. So whoever has waited for a while asks the server for its pulse, on a connection of its own, once
//! for all who wait. As long as that is answered the statement may take its time; when it is not, the wait ends, and newcomers
//! are refused at once until the server answers again.

use std::{
    future::Future,
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mainstay_store::{Error, Result};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgConnection},
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout, timeout_at},
};

pub(crate) struct Pulse {
    options: PgConnectOptions,
    /// How long an answer may take before the server is asked, and between two questions.
    patience: Duration,
    /// How long the answer to the question may take.
    answer_max: Duration,
    is_silent: AtomicBool,
    /// When the server was asked last, and whether it answered.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Pulse {
    pub(crate) fn new(options: PgConnectOptions, patience: Duration, answer_max: Duration) -> Self {
        Self { options, patience, answer_max, is_silent: AtomicBool::new(false), last: Mutex::default() }
    }

    /// Waits for an answer while the server lives, and at most for so long.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it did not come.
    pub(crate) async fn wait<T>(&self, longest: Duration, answer: impl Future<Output = T>) -> Result<T> {
        let mut answer = std::pin::pin!(answer);
        let deadline = Instant::now() + longest;
        loop {
            let until = deadline.min(Instant::now() + self.patience);
            if let Ok(answer) = timeout_at(until, &mut answer).await {
                return Ok(answer);
            }
            if Instant::now() >= deadline {
                return Err(Error::Unavailable("the server did not answer in time".to_owned()));
            }
            tokio::select! {
                biased;
                answer = &mut answer => return Ok(answer),
                alive = self.ask() => if !alive {
                    return Err(silent());
                },
            }
        }
    }

    /// Refuses at once while the server is silent, and sees to it that its return is noticed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while it is silent.
    pub(crate) fn check(self: &Arc<Self>) -> Result<()> {
        if !self.is_silent.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.last.try_lock().is_ok() {
            let pulse = Arc::clone(self);
            tokio::spawn(async move { pulse.ask().await });
        }
        Err(silent())
    }

    /// Whether the server answers. Who comes while it is asked shares the answer.
    async fn ask(&self) -> bool {
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((asked, alive)) = *last
            && asked >= came
        {
            return alive;
        }
        let alive = match timeout(self.answer_max, self.question()).await {
            Err(_) => false,
            Ok(Err(sqlx::Error::Io(error))) => !is_out_of_reach(error.kind()),
            // A refusal is an answer, too: a server that has no connection left is busy and not gone.
            Ok(_) => true,
        };
        self.is_silent.store(!alive, Ordering::Release);
        *last = Some((Instant::now(), alive));
        alive
    }

    async fn question(&self) -> sqlx::Result<()> {
        let mut connection: PgConnection = self.options.connect().await?;
        // A pooler answers a connection itself, and a question only with a server.
        sqlx::raw_sql("SELECT 1").execute(&mut connection).await?;
        connection.close().await
    }
}

/// Other failures tell nothing of connections that stand: a name that is not found, a listener that was closed.
const fn is_out_of_reach(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut)
}

fn silent() -> Error {
    Error::Unavailable("the server is silent".to_owned())
}
