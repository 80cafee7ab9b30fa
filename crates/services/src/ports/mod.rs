//! The world outside, as the use cases see it. Real implementations live in `mainstay_providers`.

mod bus;
mod clock;
mod identity_provider;
mod limiter;
mod mailer;
mod request;
mod webhook_sender;

use std::{collections::BTreeMap, sync::Arc};

use mainstay_model::identity::Provider;

pub use self::{
    bus::{Bus, Signal},
    clock::{Clock, Random},
    identity_provider::{ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError},
    limiter::{Admission, Backoff, Decision, Limiter, LimiterUnavailable, Quota},
    mailer::{Mail, MailError, Mailer},
    request::{current_request_id, in_request},
    webhook_sender::{Answer, RetryAfter, SendFault, SignedEvent, TargetFault, WebhookSender},
};

/// All of them, as one deployment has them.
#[derive(Clone)]
pub struct Ports {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Rate limits and back-off.
    pub limiter: Arc<dyn Limiter>,
    /// Hints between nodes.
    pub bus: Arc<dyn Bus>,
    /// Outgoing mail, where it is configured.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Sends events to a team's own back ends.
    pub webhooks: Arc<dyn WebhookSender>,
    /// The configured identity providers.
    pub identity_providers: BTreeMap<Provider, Arc<dyn IdentityProvider>>,
}
