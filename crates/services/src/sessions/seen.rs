//! Last-seen times, gathered in memory and written together about once a minute.

use std::collections::HashMap;

use mainstay_model::{SessionId, Timestamp};

use crate::{App, Result, limits};

/// What waits for being written.
#[derive(Default)]
pub(super) struct Seen(HashMap<SessionId, Timestamp>);

/// Notes that a session was just used.
pub(super) fn note(app: &App, session_id: SessionId, at: Timestamp) {
    let mut seen = app.sessions.seen.lock();
    if seen.0.len() < limits::SEEN_SESSIONS_MAX || seen.0.contains_key(&session_id) {
        seen.0.insert(session_id, at);
    }
}

/// Writes what was gathered. What could not be written waits for the next time.
pub(super) async fn flush(app: &App) -> Result<()> {
    let mut gathered: Vec<_> = std::mem::take(&mut app.sessions.seen.lock().0).into_iter().collect();
    // Rows are locked in this order, the same on every node.
    gathered.sort_unstable();
    while !gathered.is_empty() {
        let count = gathered.len().min(limits::SEEN_BATCH);
        let batch = &gathered[..count];
        let written = app
            .retrying(|| async {
                let mut tx = app.write().await?;
                tx.touch_sessions(batch).await?;
                Ok(tx.commit().await?)
            })
            .await;
        if let Err(error) = written {
            let mut seen = app.sessions.seen.lock();
            for (session_id, at) in gathered {
                seen.0.entry(session_id).or_insert(at);
            }
            return Err(error);
        }
        gathered.drain(..count);
    }
    Ok(())
}
