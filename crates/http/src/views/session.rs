//! Sessions, as their member sees them.

use mainstay_model::{SessionId, Timestamp, session::Session};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A signed-in device or browser.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    /// The browser as it named itself at sign-in.
    agent: Option<String>,
    /// Where the sign-in came from.
    ip: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// To about a minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
}

impl SessionView {
    pub(crate) fn new(session: Session, current: SessionId) -> Self {
        let known = |text: String| if text.is_empty() { None } else { Some(text) };
        Self {
            id: session.id.uuid(),
            current: session.id == current,
            agent: known(session.created_agent),
            ip: known(session.created_ip),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
        }
    }
}

/// All live sessions of a member.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(crate) struct SessionsView {
    pub(crate) items: Vec<SessionView>,
}
