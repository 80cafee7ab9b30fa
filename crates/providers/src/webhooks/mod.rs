//! Sends signed events over HTTPS to addresses that operators name. Nothing leaves for this machine or its neighbours: each address
//! that a name stands for is looked at, and only those that were looked at are connected to.

mod address;
mod names;
mod retry_after;

use std::{error::Error as StdError, sync::Arc, time::Duration};

use async_trait::async_trait;
use mainstay_services::{
    ports::{Answer, SendFault, SignedEvent, TargetFault, WebhookSender},
    sabotage::{self, Guard},
};
use metrics::counter;
use reqwest::header::{CONTENT_TYPE, HeaderName};
use tokio::sync::OnceCell;
use url::{Host, Url};

pub use self::names::{Names, SystemNames};
use self::{
    address::is_public,
    names::{Checked, Refused},
};
use crate::{Roots, limits, outbound::chain};

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Which targets there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Over https to the public internet.
    Public,
    /// Also over plain http, and to this machine and its neighbours: for a developer's machine alone.
    Any,
}

/// How events are sent.
#[derive(Clone)]
pub struct WebhooksConfig {
    /// Which targets there may be.
    pub targets: Targets,
    /// Who is asked what names stand for.
    pub names: Arc<dyn Names>,
    /// Authorities that are trusted beside the public ones.
    pub roots: Option<Roots>,
    /// How long an event may take until it is answered.
    pub timeout: Duration,
}

impl WebhooksConfig {
    /// As the operating system knows names, and with the usual patience.
    #[must_use]
    pub fn new(targets: Targets) -> Self {
        Self { targets, names: Arc::new(SystemNames), roots: None, timeout: limits::WEBHOOK_REQUEST_TIMEOUT }
    }
}

/// Sends events.
pub struct HttpWebhooks {
    config: WebhooksConfig,
    /// Made for the first event: it reads the system's certificates, which takes as long as all else at a start and is for nothing
    /// where no endpoint is registered.
    client: OnceCell<reqwest::Client>,
}

impl HttpWebhooks {
    /// A sender.
    #[must_use]
    pub fn new(config: &WebhooksConfig) -> Self {
        Self { config: config.clone(), client: OnceCell::new() }
    }

    async fn client(&self) -> Result<&reqwest::Client, SendFault> {
        let make = || async {
            let config = self.config.clone();
            // It reads files.
            tokio::task::spawn_blocking(move || client(&config)).await.map_err(|error| error.to_string())?
        };
        self.client.get_or_try_init(make).await.map_err(|reason: String| {
            tracing::error!(event = "webhooks.no_client", reason);
            SendFault::NoConnection
        })
    }

    async fn post(&self, event: &SignedEvent) -> Result<Answer, SendFault> {
        // A number in the place of a name is never resolved, so it is looked at here.
        self.check_target(&event.url).map_err(|_| SendFault::PrivateTarget)?;
        let mut answer = self
            .client()
            .await?
            .post(event.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(WEBHOOK_ID, &event.id)
            .header(WEBHOOK_TIMESTAMP, event.timestamp)
            .header(WEBHOOK_SIGNATURE, &event.signature)
            .body(event.body.clone())
            .send()
            .await
            .map_err(|error| fault(&error))?;
        let (status, retry_after) = (answer.status().as_u16(), retry_after::read(answer.headers()));
        // A short answer is read to its end, so that the connection can be used again; nothing of it is kept.
        let mut left = limits::WEBHOOK_ANSWER_BYTES_MAX;
        while let Ok(Some(chunk)) = answer.chunk().await
            && chunk.len() < left
        {
            left -= chunk.len();
        }
        Ok(Answer { status, retry_after })
    }
}

fn client(config: &WebhooksConfig) -> Result<reqwest::Client, String> {
    let targets = config.targets;
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("mainstay/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // A proxy would resolve the name itself, and nobody would have looked at what it finds.
        .no_proxy()
        .dns_resolver(Arc::new(Checked { targets, names: Arc::clone(&config.names) }))
        .connect_timeout(limits::WEBHOOK_CONNECT_TIMEOUT)
        .timeout(config.timeout)
        .pool_max_idle_per_host(limits::WEBHOOK_IDLE_CONNECTIONS_MAX)
        .https_only(targets == Targets::Public);
    if let Some(roots) = &config.roots {
        builder = builder.tls_certs_merge(roots.for_http().map_err(|fault| fault.reason.to_string())?);
    }
    builder.build().map_err(|error| chain(&error))
}

#[async_trait]
impl WebhookSender for HttpWebhooks {
    fn check_target(&self, url: &Url) -> Result<(), TargetFault> {
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(TargetFault::Credentials);
        }
        match (self.config.targets, url.scheme()) {
            (_, "https") | (Targets::Any, "http") => {}
            _ => return Err(TargetFault::NotHttps),
        }
        let is_public = match url.host() {
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            Some(Host::Domain(name)) => !is_local_name(name),
            None => return Err(TargetFault::NotHttps),
        };
        if is_public || self.config.targets == Targets::Any || sabotage::is_off(Guard::InnerTargets) {
            Ok(())
        } else {
            Err(TargetFault::Private)
        }
    }

    async fn send(&self, event: &SignedEvent) -> Result<Answer, SendFault> {
        let outcome = self.post(event).await;
        let word = match &outcome {
            Ok(Answer { status: 200..=299, .. }) => "ok",
            Ok(_) => "refused",
            Err(fault) => fault.as_str(),
        };
        counter!("mainstay_webhook_requests_total", "outcome" => word).increment(1);
        outcome
    }
}

/// Names that never are somebody else's (RFC 6761, 6.3; RFC 6762, 3; RFC 9476). A hint for whoever types them: what counts is what
/// a name stands for when something is sent.
fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or_default();
    ["localhost", "local", "internal", "localdomain"].iter().any(|local| last.eq_ignore_ascii_case(local))
}

fn fault(error: &reqwest::Error) -> SendFault {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(Refused(fault)) = found.downcast_ref() {
            return *fault;
        }
        cause = found.source();
    }
    match error {
        error if error.is_timeout() => SendFault::TimeOut,
        error if error.is_connect() => SendFault::NoConnection,
        _ => SendFault::NoAnswer,
    }
}
