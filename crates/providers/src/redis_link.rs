//! The way to Redis: one multiplexed connection, made anew after any failure.
//!
//! A connection that gives no answer in time is thrown away, not kept: a peer that vanished without a word (a failed-over host, a
//! dropped route) would otherwise hold it for the many minutes that TCP goes on trying. After a failure everybody is answered
//! at once for a moment; then one caller connects while the others wait for its result.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisResult, TlsCertificates,
    aio::MultiplexedConnection,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{ConfigFault, Roots, limits, outbound::chain};

/// How many bytes a key prefix may have.
const PREFIX_BYTES_MAX: usize = 64;
/// Commands that wait in the connection's own channel.
const PIPELINE_BUFFER: usize = 1_024;

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// `redis://` or, with TLS, `rediss://`; with name, password and database number where needed.
    pub url: SecretString,
    /// Put before every key and channel, so that deployments can share a server.
    pub prefix: String,
    /// Authorities beside the public ones, for `rediss://`.
    pub roots: Option<Roots>,
}

impl RedisConfig {
    /// With the usual prefix `mainstay:`.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self { url, prefix: "mainstay:".to_owned(), roots: None }
    }

    /// The client, which has not connected yet.
    pub(crate) fn client(&self) -> Result<Client, ConfigFault> {
        // The library's own message may repeat the URL, which has the password in it.
        let fault = || {
            ConfigFault::new("url", "must be like redis://host:6379/0 or rediss://name:password@host:6379/0")
        };
        if self.prefix.len() > PREFIX_BYTES_MAX || !self.prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigFault::new("prefix", "must be short and without spaces"));
        }
        let info = self.url.expose_secret().into_connection_info().map_err(|_| fault())?;
        match &self.roots {
            Some(roots) if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(roots.for_redis()) };
                Client::build_with_tls(info, certificates).map_err(|_| fault())
            }
            _ => Client::open(info).map_err(|_| fault()),
        }
    }
}

/// Redis did not do what it was asked.
#[derive(Debug)]
pub(crate) struct RedisAway(pub(crate) String);

impl fmt::Display for RedisAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The connection.
pub(crate) struct RedisLink {
    client: Client,
    /// The runtime that drives the connection, whichever worker asks for it first.
    runtime: Handle,
    slot: Arc<Mutex<Slot>>,
    connecting: Arc<tokio::sync::Mutex<()>>,
    in_flight: Semaphore,
}

#[derive(Default)]
struct Slot {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that the failure of an old one does not throw away its successor.
    generation: u64,
    away: Option<(Instant, String)>,
}

impl Slot {
    /// The connection, or why there is none at the moment; neither when one is to be made.
    fn state(&self) -> Option<Result<(u64, MultiplexedConnection), RedisAway>> {
        if let Some((until, reason)) = &self.away
            && Instant::now() < *until
        {
            return Some(Err(RedisAway(reason.clone())));
        }
        self.connection.clone().map(|connection| Ok((self.generation, connection)))
    }

    fn connected(&mut self, connection: MultiplexedConnection) {
        *self = Self { connection: Some(connection), generation: self.generation + 1, away: None };
    }

    fn failed(&mut self, generation: u64, reason: &str) {
        if self.generation == generation {
            self.connection = None;
            self.away = Some((Instant::now() + limits::REDIS_PAUSE, reason.to_owned()));
        }
    }
}

impl RedisLink {
    /// Connects when it is first used. To be called within the Tokio runtime that lives as long as the process.
    pub(crate) fn new(config: &RedisConfig) -> Result<Self, ConfigFault> {
        Ok(Self {
            client: config.client()?,
            runtime: Handle::current(),
            slot: Arc::default(),
            connecting: Arc::default(),
            in_flight: Semaphore::new(limits::REDIS_IN_FLIGHT_MAX),
        })
    }

    /// Runs one exchange with Redis. Ends within the time of one connection and one answer, whatever happens.
    pub(crate) async fn run<T, F, Fut>(&self, work: F) -> Result<T, RedisAway>
    where
        F: FnOnce(MultiplexedConnection) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        let Ok(_place) = self.in_flight.try_acquire() else {
            return Err(RedisAway("too many commands wait for an answer".to_owned()));
        };
        let (generation, connection) = self.connection().await?;
        let mut waiting = Waiting { slot: &self.slot, generation, since: Some(Instant::now()) };
        let outcome = timeout(limits::REDIS_RESPONSE_TIMEOUT, work(connection)).await;
        waiting.since = None;
        let reason = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => chain(&error),
            Err(_) => no_answer(limits::REDIS_RESPONSE_TIMEOUT),
        };
        self.slot.lock().failed(generation, &reason);
        Err(RedisAway(reason))
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), RedisAway> {
        let known = self.slot.lock().state();
        if let Some(known) = known {
            return known;
        }
        let held = Arc::clone(&self.connecting).lock_owned().await;
        let known = self.slot.lock().state();
        if let Some(known) = known {
            return known;
        }
        // On the long-lived runtime and with the lock: a caller who goes away neither breaks it off nor starts a second one.
        let (client, slot) = (self.client.clone(), Arc::clone(&self.slot));
        let connecting = self.runtime.spawn(async move {
            let generation = slot.lock().generation;
            match connect(&client).await {
                Ok(connection) => slot.lock().connected(connection),
                Err(reason) => slot.lock().failed(generation, &reason),
            }
            drop(held);
        });
        let away = || Err(RedisAway("not connected".to_owned()));
        if connecting.await.is_err() {
            return away();
        }
        let made = self.slot.lock().state();
        made.unwrap_or_else(away)
    }
}

/// A caller who waits for an answer. One who gives up after waiting for long tells as much as a time-out: callers less patient
/// than this link must not keep a dead connection alive.
struct Waiting<'a> {
    slot: &'a Mutex<Slot>,
    generation: u64,
    since: Option<Instant>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.since.is_some_and(|since| since.elapsed() >= limits::REDIS_SUSPICION) {
            self.slot.lock().failed(self.generation, "a caller gave up waiting for the answer");
        }
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, String> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(limits::REDIS_CONNECT_TIMEOUT))
        .set_response_timeout(Some(limits::REDIS_RESPONSE_TIMEOUT))
        .set_pipeline_buffer_size(PIPELINE_BUFFER);
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    // The handshake has its own time-out for each answer; this one is for all of it.
    match timeout(limits::REDIS_CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected.map_err(|error| chain(&error)),
        Err(_) => Err(no_answer(limits::REDIS_CONNECT_TIMEOUT)),
    }
}

fn no_answer(after: Duration) -> String {
    format!("no answer within {} ms", after.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_named_without_its_password() {
        for url in ["", "localhost", "http://user:sesame@localhost", "redis://user:sesame@localhost:port"] {
            let fault = RedisConfig::new(url.to_owned().into()).client().expect_err("refused");
            assert_eq!(fault.setting, "url");
            assert!(!fault.to_string().contains("sesame"));
        }
        assert!(RedisConfig::new("rediss://:sesame@localhost:6380/1".to_owned().into()).client().is_ok());
    }
}
