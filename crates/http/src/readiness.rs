//! Whether this node should get traffic. The binary knows; the edge only shows it.

use std::time::Duration;

use async_trait::async_trait;

/// What one check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// The node should get no traffic.
    Failed,
    /// This deployment has no such thing.
    Disabled,
}

impl CheckState {
    /// Its word in `/ready`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
        }
    }
}

/// One check with its result.
#[derive(Clone, Debug)]
pub struct Check {
    /// What was checked: `database`, `migrations`, `redis`, …
    pub name: &'static str,
    /// What was found.
    pub state: CheckState,
    /// A sentence for operators, without secrets: everybody can read it.
    pub detail: String,
    /// How old the finding is.
    pub age: Duration,
}

/// Answers for `/ready` (CFG-5). Must answer from memory or within a bounded time.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Every check, each with its own state and age.
    async fn checks(&self) -> Vec<Check>;
}
