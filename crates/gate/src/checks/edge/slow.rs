//! A sender that takes its time: how long does the other side put up with it?

use tokio::time::Instant;

use super::limits;
use crate::{
    check::Ended,
    client::{Heard, Raw},
};

/// Sends a beginning, then drop after drop (or nothing), until the other side answers or ends it, or the bound is over.
pub(super) async fn outlast(raw: &Raw, what: &str, beginning: &str, drop: &str) -> Result<Heard, Ended> {
    drip(raw, what, beginning, drop, Until::Answer).await
}

/// The same until the other side ends it, whatever it answers.
pub(super) async fn outlast_all(raw: &Raw, what: &str, beginning: &str, drop: &str) -> Result<Heard, Ended> {
    drip(raw, what, beginning, drop, Until::End).await
}

/// What a sender waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Answer,
    End,
}

async fn drip(raw: &Raw, what: &str, beginning: &str, drop: &str, until: Until) -> Result<Heard, Ended> {
    let mut wire = raw.open().await?;
    let started = Instant::now();
    let mut is_open = wire.send(beginning.as_bytes()).await.is_ok();
    let mut heard = Heard::default();
    while started.elapsed() < limits::SLOW_MAX {
        let part = wire.listen(limits::DROP_EVERY).await;
        heard.bytes.extend_from_slice(&part.bytes);
        let is_answered = until == Until::Answer && !heard.bytes.is_empty();
        if part.is_closed || !is_open || is_answered {
            heard.is_closed = part.is_closed || !is_open;
            break;
        }
        is_open = drop.is_empty() || wire.send(drop.as_bytes()).await.is_ok();
    }
    if until == Until::Answer && !heard.bytes.is_empty() && !heard.is_closed {
        heard.is_closed = wire.listen(limits::DROP_EVERY).await.is_closed;
    }
    heard.took = started.elapsed();
    raw.record(what, beginning.as_bytes(), &heard);
    Ok(heard)
}
