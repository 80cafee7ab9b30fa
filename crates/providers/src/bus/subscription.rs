//! The receiving side of the bus between nodes: subscribes, and subscribes again, for as long as the process lives.

use std::time::Duration;

use futures::StreamExt;
use mainstay_services::ports::Signal;
use metrics::{counter, gauge};
use redis::{
    Client, Msg,
    aio::{PubSubSink, PubSubStream},
};
use tokio::{
    sync::{broadcast, watch},
    time::{MissedTickBehavior, interval, timeout},
};
use uuid::Uuid;

use super::redis::Envelope;
use crate::{limits, outbound::chain};

/// What a subscription needs to know.
pub(super) struct Subscription {
    pub(super) client: Client,
    pub(super) channel: String,
    pub(super) node: Uuid,
    pub(super) local: broadcast::Sender<Signal>,
}

impl Subscription {
    /// Runs until it is told to stop.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
        tokio::select! {
            () = self.run_forever() => {}
            _ = stopped.wait_for(|&stop| stop) => {}
        }
        gauge!("mainstay_bus_connected").set(0);
    }

    async fn run_forever(&self) {
        let mut failures = 0;
        loop {
            gauge!("mainstay_bus_connected").set(0);
            match timeout(limits::REDIS_CONNECT_TIMEOUT, self.subscribe()).await {
                Ok(Ok((sink, stream))) => {
                    failures = 0;
                    counter!("mainstay_bus_reconnects_total").increment(1);
                    gauge!("mainstay_bus_connected").set(1);
                    // Whatever was published before is lost; whoever keeps something must read it again.
                    let _ = self.local.send(Signal::Lagged);
                    self.listen(sink, stream).await;
                    tracing::warn!("bus_subscription_lost");
                }
                Ok(Err(error)) => tracing::debug!(reason = chain(&error), "bus_subscription_failed"),
                Err(_) => tracing::debug!(reason = "no answer", "bus_subscription_failed"),
            }
            tokio::time::sleep(pause(failures)).await;
            failures += 1;
        }
    }

    async fn subscribe(&self) -> redis::RedisResult<(PubSubSink, PubSubStream)> {
        let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
        sink.subscribe(&self.channel).await?;
        Ok((sink, stream))
    }

    /// Hands messages on until the connection ends or no longer answers: silence alone does not tell a quiet channel from a
    /// peer that vanished.
    async fn listen(&self, mut sink: PubSubSink, mut stream: PubSubStream) {
        let mut pings = interval(limits::BUS_PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = stream.next() => match message {
                    Some(message) => self.hand_on(&message),
                    None => return,
                },
                _ = pings.tick() => {
                    let answer = timeout(limits::REDIS_RESPONSE_TIMEOUT, sink.ping::<redis::Value>()).await;
                    if !matches!(answer, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }

    fn hand_on(&self, message: &Msg) {
        match serde_json::from_slice::<Envelope>(message.get_payload_bytes()) {
            Ok(envelope) if envelope.node == self.node => {}
            Ok(envelope) => {
                counter!("mainstay_bus_received_total").increment(1);
                let _ = self.local.send(envelope.signal);
            }
            // A newer version's hint that this one does not know: the safe reading is that something changed.
            Err(_) => {
                let _ = self.local.send(Signal::Lagged);
            }
        }
    }
}

/// Doubles from the shortest to the longest, with half of it left to chance, so that nodes do not come back all at once.
fn pause(failures: u32) -> Duration {
    let (shortest, longest) = limits::BUS_RECONNECT_PAUSE;
    let whole = shortest.saturating_mul(1 << failures.min(16)).min(longest);
    whole.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_their_bounds() {
        let (shortest, longest) = limits::BUS_RECONNECT_PAUSE;
        for failures in [0, 1, 5, 100, u32::MAX] {
            let pause = pause(failures);
            assert!(pause >= shortest / 2 && pause <= longest, "{failures}: {pause:?}");
        }
    }
}
