//! A sender that takes its time: how long does the other side put up with it?

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    check::Ended,
    client::{Heard, Raw},
};

/// Whoever waits longer can be kept waiting by anybody.
pub(super) const BOUND: Duration = Duration::from_secs(30);
/// Between two drops.
const DROP_EVERY: Duration = Duration::from_secs(1);

/// Sends a beginning, then drop after drop (or nothing), until the other side ends it or the bound is over.
pub(super) async fn outlast(raw: &Raw, what: &str, beginning: &str, drop: &str) -> Result<Heard, Ended> {
    let mut wire = raw.open().await?;
    let started = Instant::now();
    let mut is_open = wire.send(beginning.as_bytes()).await.is_ok();
    let mut heard = Heard::default();
    while started.elapsed() < BOUND {
        let part = wire.listen(DROP_EVERY).await;
        heard.bytes.extend_from_slice(&part.bytes);
        if part.is_closed || !is_open || !heard.bytes.is_empty() {
            heard.is_closed = part.is_closed || !is_open;
            break;
        }
        is_open = drop.is_empty() || wire.send(drop.as_bytes()).await.is_ok();
    }
    if !heard.bytes.is_empty() && !heard.is_closed {
        heard.is_closed = wire.listen(DROP_EVERY).await.is_closed;
    }
    heard.took = started.elapsed();
    raw.record(what, beginning.as_bytes(), &heard);
    Ok(heard)
}
