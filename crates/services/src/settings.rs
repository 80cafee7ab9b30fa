//! The settings that use cases depend on; read and checked by the binary before anything starts.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::{limits, webhooks::Sources};

/// Where a deployment stands (CFG-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine: works without any configuration.
    Dev,
    /// Like production, for rehearsals.
    Staging,
    /// The real thing.
    Prod,
}

impl Environment {
    /// `dev`, `staging` or `prod`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }

    /// Whether the conveniences of a developer's machine are off.
    #[must_use]
    pub const fn is_strict(self) -> bool {
        !matches!(self, Self::Dev)
    }
}

/// Settings of the use cases.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it stands.
    pub environment: Environment,
    /// Address under which members reach it; links and WebAuthn's origin come from here and never from a request.
    pub public_url: Url,
    /// WebAuthn relying-party id: the public URL's host or a parent domain of it.
    pub rp_id: String,
    /// Further origins whose ceremonies are accepted, beside the public URL's.
    pub rp_origins: Vec<Url>,
    /// What the deployment is called in mails and authenticators.
    pub product_name: String,
    /// `iss` of access tokens.
    pub token_issuer: String,
    /// `aud` of access tokens.
    pub token_audience: String,
    /// Life of an access token.
    pub access_token_ttl: Duration,
    /// Sliding life of a session.
    pub session_sliding_ttl: Duration,
    /// Absolute life of a session.
    pub session_absolute_ttl: Duration,
    /// Audit events are kept for so long; for ever when there is no bound.
    pub audit_kept: Option<Duration>,
    /// Points that are granted can be spent for so many days; for ever when there is no bound.
    pub points_valid_days: Option<u32>,
    /// What a purchase webhook said is kept for so long after it was settled; the event itself for ever.
    pub webhook_bodies_kept: Duration,
    /// Where purchase webhooks may come from.
    pub webhook_sources: Sources,
    /// What `X-Test-Auth` must say; none while test mode is off. Never in prod.
    pub test_auth: Option<SecretString>,
}

impl Settings {
    /// What a developer's machine gets without configuration, and tests start from.
    #[must_use]
    pub fn dev(public_url: Url) -> Self {
        Self {
            environment: Environment::Dev,
            rp_id: public_url.host_str().unwrap_or("localhost").to_owned(),
            rp_origins: Vec::new(),
            product_name: "Mainstay".to_owned(),
            token_issuer: public_url.as_str().trim_end_matches('/').to_owned(),
            token_audience: "mainstay".to_owned(),
            public_url,
            access_token_ttl: limits::ACCESS_TOKEN_TTL,
            session_sliding_ttl: limits::SESSION_SLIDING_TTL,
            session_absolute_ttl: limits::SESSION_ABSOLUTE_TTL,
            audit_kept: None,
            points_valid_days: None,
            webhook_bodies_kept: limits::WEBHOOK_BODIES_KEPT,
            webhook_sources: Sources::default(),
            test_auth: None,
        }
    }
}
