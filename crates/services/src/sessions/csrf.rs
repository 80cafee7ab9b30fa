//! The token that ties a request to our own pages. It is derived from the session, so nothing is stored, and it is of no use
//! without the session's cookie.

use mainstay_model::SessionId;

use crate::{App, crypto};

const LABEL: &str = "mainstay/csrf";

/// The token of a session. It changes with the token-encryption key; clients fetch it anew when it is refused.
#[must_use]
pub fn csrf_token(app: &App, session_id: SessionId) -> String {
    crypto::encode(&app.sealer.mac(LABEL, session_id.uuid().as_bytes()))
}

/// Whether a presented token is the session's.
#[must_use]
pub fn csrf_matches(app: &App, session_id: SessionId, presented: &str) -> bool {
    let expected = app.sealer.mac(LABEL, session_id.uuid().as_bytes());
    crypto::decode_32(presented).is_some_and(|presented| crypto::equal(&presented, &expected))
}
