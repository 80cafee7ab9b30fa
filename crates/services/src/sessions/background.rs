//! What a node does beside requests for its sessions: it listens to hints, reads the key ring again and writes last-seen times.

use std::sync::Arc;

use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{keys, seen};
use crate::{
    App,
    background::{contained, contained_until},
    limits,
    ports::Signal,
};

/// Runs until `stop` is cancelled; then writes the last-seen times that are left.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    let mut signals = app.ports.bus.subscribe();
    let mut has_bus = true;
    let mut reload_at = Instant::now() + limits::KEY_RING_RELOAD;
    let mut flush_at = Instant::now() + limits::SEEN_FLUSH;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            received = signals.recv(), if has_bus => match received {
                Ok(signal) => apply(&app, signal, &stop).await,
                Err(RecvError::Lagged(_)) => apply(&app, Signal::Lagged, &stop).await,
                // Without a bus the age bound of the cache does the work alone.
                Err(RecvError::Closed) => has_bus = false,
            },
            () = sleep_until(reload_at) => {
                contained_until("key_ring", &stop, keys::reload(&app)).await;
                measure(&app);
                reload_at = Instant::now() + limits::KEY_RING_RELOAD;
            }
            () = sleep_until(flush_at) => {
                contained_until("last_seen", &stop, seen::flush(&app)).await;
                flush_at = Instant::now() + limits::SEEN_FLUSH;
            }
        }
    }
    let _ = tokio::time::timeout(limits::BACKGROUND_DRAIN, contained("last_seen", seen::flush(&app))).await;
}

async fn apply(app: &App, signal: Signal, stop: &CancellationToken) {
    match signal {
        Signal::SessionEnded(session_id) => app.sessions.cache.forget_session(session_id),
        Signal::MemberChanged(member_id) => app.sessions.cache.forget_member(member_id),
        Signal::KeyRingChanged => drop(contained_until("key_ring", stop, keys::reload(app)).await),
        Signal::ServiceKeyRevoked => app.service_keys.forget_all(),
        Signal::Lagged => {
            app.sessions.cache.forget_all();
            app.service_keys.forget_all();
            contained_until("key_ring", stop, keys::reload(app)).await;
        }
        Signal::JobsAdded | Signal::EventsAdded => {}
    }
}

/// A reading age that grows beyond [`limits::KEY_RING_RELOAD`] means that the ring can't be read or opened.
fn measure(app: &App) {
    let ring = keys::state(app);
    metrics::gauge!("mainstay_signing_keys").set(ring.keys as f64);
    metrics::gauge!("mainstay_key_ring_age_seconds").set(ring.age.as_secs_f64());
    metrics::gauge!("mainstay_session_cache_entries").set(app.sessions.cache.len() as f64);
}
