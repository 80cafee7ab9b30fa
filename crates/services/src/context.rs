//! Who asks, and from where.

use std::net::IpAddr;

use mainstay_model::{MemberId, SessionId, Timestamp, audit::Actor, member::Role, session::Posture};

use crate::{
    Code, Error, Result, limits,
    sabotage::{self, Guard},
};

/// The circumstances of a request that use cases may need. Made by the edge (or by the command line).
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Its id, in every log line and audit event.
    pub request_id: String,
    /// The client's address, from trusted proxies only.
    pub ip: Option<IpAddr>,
    /// The user agent, cut to its bound.
    pub agent: String,
    /// How tokens of a new session are carried.
    pub posture: Posture,
    /// What the browser shows for having signed in here before; see [`crate::identity::known_browser`].
    pub known_browser: Option<String>,
}

impl RequestContext {
    /// The circumstances of what Mainstay does by itself.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            request_id: String::new(),
            ip: None,
            agent: String::new(),
            posture: Posture::Bearer,
            known_browser: None,
        }
    }
}

/// A signed-in member whose session was just found to be live.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub member_id: MemberId,
    /// Through which session.
    pub session_id: SessionId,
    /// Role in the deployment.
    pub role: Role,
    /// Last proof of who they are.
    pub signed_in_at: Timestamp,
}

impl Caller {
    /// Whether the last proof is fresh enough for guarded actions.
    #[must_use]
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.signed_in_at) < limits::RECENT_SIGN_IN
    }

    /// Demands a fresh proof.
    ///
    /// # Errors
    /// [`Code::RecentSignInRequired`].
    pub fn require_recent(&self, now: Timestamp) -> Result<()> {
        if self.is_recent(now) {
            return Ok(());
        }
        Err(Error::new(
            Code::RecentSignInRequired,
            "For your safety, prove once more that it is you; then try again.",
        ))
    }

    /// Demands the operator role.
    ///
    /// # Errors
    /// [`Code::NotFound`]: members need not learn what operators have.
    pub fn require_operator(&self) -> Result<()> {
        if self.role == Role::Operator || sabotage::is_off(Guard::OperatorRole) {
            Ok(())
        } else {
            Err(Error::not_found())
        }
    }

    /// As the audit trail names them.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Member(self.member_id)
    }
}
