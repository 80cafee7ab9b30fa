//! One application as production makes it, with a clock that tests move, a database of its own, and recorded effects.
//!
//! [`both_engines!`](crate::both_engines) runs a test on SQLite and on PostgreSQL.

mod app;
mod database;
mod fakes;
mod sender;
mod store;

use std::{future::Future, pin::Pin, time::Duration};

use mainstay_services::{Code, Result};

pub(crate) use self::{
    app::{NodeOptions, TEST_AUTH, TestApp, start_node},
    database::{Database, Engine},
    fakes::{LocalBus, MailFate, MemoryLimiter, MockClock, RecordingMailer, SeededRandom},
    sender::{RecordingSender, SendFate},
    store::ObservedStore,
};

/// The code with which something was refused.
pub(crate) fn refusal<T>(result: Result<T>) -> Code {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.code,
    }
}

/// Waits until a condition holds that another task brings about.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let patience = Duration::from_secs(20);
    let waiting = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(patience, waiting).await.expect("it came about");
}

/// What a test does with its application.
pub(crate) type Scenario<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs a scenario on a fresh database of an engine.
pub(crate) fn run(engine: Engine, scenario: impl for<'a> FnOnce(&'a TestApp) -> Scenario<'a>) {
    runtime().block_on(async {
        let test = TestApp::start(engine).await;
        scenario(&test).await;
        test.finish().await;
    });
}

/// A runtime with real parallelism.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
}

/// Defines tests that run on both engines: `async fn name(test: &TestApp) { … }`.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($test:ident: &$app:ident) $body:block)*) => {$(
        $(#[$meta])*
        async fn $name($test: &$app) $body

        mod $name {
            #[test]
            fn sqlite() {
                $crate::harness::run($crate::harness::Engine::Sqlite, |test| Box::pin(super::$name(test)));
            }

            #[test]
            fn postgres() {
                $crate::harness::run($crate::harness::Engine::Postgres, |test| Box::pin(super::$name(test)));
            }
        }
    )*};
}
