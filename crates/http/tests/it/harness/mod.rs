//! A server with real providers around it, and clients that behave like browsers or like native apps.

mod authenticator;
mod client;
mod clock;
mod database;
mod provider;
mod server;
mod watch;

pub(crate) use self::{
    authenticator::SoftPasskey,
    client::{Client, Reply},
    clock::MockClock,
    database::{Database, Engine},
    provider::FakeProvider,
    server::{Options, TEST_AUTH, TestServer, capabilities_without},
    watch::{logged, rendered_metrics},
};

/// Defines a test that runs on both engines.
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn case($engine: Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                case(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgresql() {
                case(Engine::Postgres).await;
            }
        }
    )*};
}
