//! Rate limits by client address and by account (SEC-4), one quota for each class of routes.
//!
//! While the shared limiter is away, outside of a developer's machine: signing in and writing are closed, reading goes on
//! with the buckets of this process. Never open.

use std::{net::IpAddr, time::Duration};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use mainstay_model::Timestamp;
use mainstay_services::{
    App, Code, Error, Result,
    crypto::{encode, hmac_sha256},
    limits::DEPENDENCY_RETRY_AFTER,
    ports::{Decision, LimiterUnavailable, Quota},
    sabotage::{self, Guard},
};
use tokio::time::timeout;

use crate::{
    security::{client_address, limits::LIMITER_TIMEOUT, local_buckets::LocalBuckets},
    settings::{ClassLimits, RateLimits},
};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Routes that share a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Signing in and what leads to it.
    Auth,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// What everybody may read, and paths that do not exist.
    Public,
    /// Events of payment providers. They come from few addresses and many at once.
    Webhook,
    /// Probes and static files: they cost next to nothing and touch nothing.
    Unlimited,
}

impl Class {
    /// Its name in headers, metrics and documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Read => "read",
            Self::Write => "write",
            Self::Public => "public",
            Self::Webhook => "webhook",
            Self::Unlimited => "unlimited",
        }
    }

    /// Whether it is closed while the shared limiter is away.
    #[must_use]
    pub const fn fails_closed(self) -> bool {
        matches!(self, Self::Auth | Self::Write | Self::Webhook)
    }

    const fn limits(self, limits: &RateLimits) -> Option<ClassLimits> {
        match self {
            Self::Auth => Some(limits.auth),
            Self::Read => Some(limits.read),
            Self::Write => Some(limits.write),
            Self::Public => Some(limits.public),
            Self::Webhook => Some(limits.webhook),
            Self::Unlimited => None,
        }
    }
}

/// A request that was counted, for the headers of its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    class: Class,
    quota: Quota,
    pub(crate) decision: Decision,
}

/// Counts requests.
pub(crate) struct RateLimiter {
    limits: RateLimits,
    key: [u8; 32],
    is_strict: bool,
    local: LocalBuckets,
}

impl RateLimiter {
    pub(crate) fn new(app: &App, limits: RateLimits) -> Self {
        Self {
            limits,
            key: app.sealer.mac("rate-limit", b""),
            is_strict: app.settings.environment.is_strict(),
            local: LocalBuckets::default(),
        }
    }

    /// Counts a request of a client address.
    pub(crate) async fn count_address(
        &self,
        app: &App,
        class: Class,
        address: Option<IpAddr>,
    ) -> Result<Option<Counted>> {
        let Some(limits) = class.limits(&self.limits) else { return Ok(None) };
        let mut bytes = [0; 17];
        match address.map(client_address::bucket) {
            Some(IpAddr::V4(v4)) => {
                bytes[0] = 4;
                bytes[1..5].copy_from_slice(&v4.octets());
            }
            Some(IpAddr::V6(v6)) => {
                bytes[0] = 6;
                bytes[1..].copy_from_slice(&v6.octets());
            }
            None => {}
        }
        self.count(app, class, limits.address, "address", &bytes).await.map(Some)
    }

    /// Counts a request of a member or service key.
    pub(crate) async fn count_account(
        &self,
        app: &App,
        class: Class,
        account: &[u8],
    ) -> Result<Option<Counted>> {
        let Some(limits) = class.limits(&self.limits) else { return Ok(None) };
        self.count(app, class, limits.account, "account", account).await.map(Some)
    }

    async fn count(&self, app: &App, class: Class, quota: Quota, by: &str, who: &[u8]) -> Result<Counted> {
        // No address and no member id in anybody's database of counters.
        let tag = hmac_sha256(&self.key, who);
        let key = format!("rate:{}:{by}:{}", class.as_str(), encode(&tag[..16]));
        let decision = match timeout(LIMITER_TIMEOUT, app.ports.limiter.take(&key, quota)).await {
            Ok(Ok(decision)) => decision,
            Ok(Err(error)) => self.without_limiter(app, class, &key, quota, error)?,
            Err(_) => {
                let error = LimiterUnavailable("no answer in time".to_owned());
                self.without_limiter(app, class, &key, quota, error)?
            }
        };
        Ok(Counted { class, quota, decision })
    }

    fn without_limiter(
        &self,
        app: &App,
        class: Class,
        key: &str,
        quota: Quota,
        error: LimiterUnavailable,
    ) -> Result<Decision> {
        let closed = self.is_strict && class.fails_closed();
        let outcome = if closed { "closed" } else { "local" };
        metrics::counter!("mainstay_rate_limiter_unavailable_total", "class" => class.as_str(), "outcome" => outcome)
            .increment(1);
        if closed {
            return Err(Error::unavailable("rate limiter", error).retry_after(DEPENDENCY_RETRY_AFTER));
        }
        let now: Timestamp = app.now();
        Ok(self.local.take(key, quota, now))
    }
}

impl Counted {
    /// The refusal, when the bucket was empty.
    pub(crate) fn verdict(&self) -> Result<()> {
        if self.decision.allowed || sabotage::is_off(Guard::RateLimit) {
            return Ok(());
        }
        metrics::counter!("mainstay_rate_limit_denials_total", "class" => self.class.as_str()).increment(1);
        Err(Error::new(Code::RateLimited, "Too many requests in a short time. Wait a little and try again.")
            .retry_after(self.decision.retry_after.max(Duration::from_secs(1))))
    }

    /// The one with less left.
    pub(crate) fn tighter(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.decision.remaining < self.decision.remaining => other,
            _ => self,
        }
    }

    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    pub(crate) fn decorate(&self, headers: &mut HeaderMap) {
        let name = self.class.as_str();
        let policy = format!("\"{name}\";q={};w={}", self.quota.limit, self.quota.window.as_secs());
        let state =
            format!("\"{name}\";r={};t={}", self.decision.remaining, seconds_up(self.decision.reset_after));
        for (header, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(header, value);
            }
        }
    }
}

/// Whole seconds, rounded up: a client that waits them is not early.
pub(crate) const fn seconds_up(duration: Duration) -> u64 {
    duration.as_secs() + if duration.subsec_nanos() > 0 { 1 } else { 0 }
}
