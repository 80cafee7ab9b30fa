//! The bus between nodes. What a node publishes reaches its own subscribers at once and the others through Redis; nothing
//! waits for Redis, and what Redis can't take in time is dropped and counted.

use async_trait::async_trait;
use mainstay_services::ports::{Bus, Signal};
use metrics::counter;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use uuid::Uuid;

use super::subscription::Subscription;
use crate::{
    ConfigFault, limits,
    redis_link::{RedisConfig, RedisLink},
};

/// What travels: the sender's own messages come back to it and are told by its name.
#[derive(Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) node: Uuid,
    pub(super) signal: Signal,
}

/// Carries hints to all nodes.
pub struct RedisBus {
    local: broadcast::Sender<Signal>,
    outgoing: mpsc::Sender<Signal>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl RedisBus {
    /// Starts sending and subscribing in the background. To be called within the Tokio runtime that lives as long as the
    /// process. Does not wait for Redis: the first [`Signal::Lagged`] tells that hints of others come in from now on.
    ///
    /// # Errors
    /// When the URL or the prefix can't be used.
    pub fn start(config: &RedisConfig) -> Result<Self, ConfigFault> {
        let node = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let channel = format!("{}bus", config.prefix);
        let local = broadcast::Sender::new(limits::BUS_BACKLOG_MAX);
        let (outgoing, waiting) = mpsc::channel(limits::BUS_OUTGOING_MAX);
        let (stop, stopped) = watch::channel(false);
        let subscription =
            Subscription { client: config.client()?, channel: channel.clone(), node, local: local.clone() };
        let tasks = vec![
            tokio::spawn(send(RedisLink::new(config)?, channel, node, waiting, stopped.clone())),
            tokio::spawn(subscription.run(stopped)),
        ];
        Ok(Self { local, outgoing, stop, tasks: Mutex::new(tasks) })
    }

    /// Sends what waits, within a bound, and ends. Later hints stay within this process.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for mut task in tasks {
            if timeout(limits::BUS_STOP_TIMEOUT, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        for task in self.tasks.get_mut() {
            task.abort();
        }
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, signal: Signal) {
        let _ = self.local.send(signal);
        if self.outgoing.try_send(signal).is_err() {
            counter!("mainstay_bus_dropped_total").increment(1);
        }
    }

    fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.local.subscribe()
    }
}

/// Sends what was published, in order, until it is told to stop; then what still waits.
async fn send(
    link: RedisLink,
    channel: String,
    node: Uuid,
    mut waiting: mpsc::Receiver<Signal>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut batch = Vec::with_capacity(limits::BUS_BATCH_MAX);
    loop {
        batch.clear();
        tokio::select! {
            biased;
            _ = waiting.recv_many(&mut batch, limits::BUS_BATCH_MAX) => {}
            _ = stopped.wait_for(|&stop| stop) => waiting.close(),
        }
        if batch.is_empty() {
            // Nothing came although it did not wait: the channel is closed and empty.
            if waiting.is_closed() && waiting.is_empty() {
                return;
            }
            continue;
        }
        // The same hint twice in a row says nothing new.
        batch.dedup();
        publish(&link, &channel, node, &batch).await;
    }
}

async fn publish(link: &RedisLink, channel: &str, node: Uuid, batch: &[Signal]) {
    let mut pipeline = redis::pipe();
    for &signal in batch {
        if let Ok(text) = serde_json::to_string(&Envelope { node, signal }) {
            pipeline.publish(channel, text).ignore();
        }
    }
    let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
    match link.run(async |mut redis| pipeline.exec_async(&mut redis).await).await {
        Ok(()) => counter!("mainstay_bus_published_total").increment(count),
        Err(away) => {
            tracing::debug!(reason = %away, count, "bus_hints_dropped");
            counter!("mainstay_bus_dropped_total").increment(count);
        }
    }
}
