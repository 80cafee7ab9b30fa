//! A provider's public keys (RFC 7517), kept and fetched anew with care.
//!
//! Lazy: a fetch happens when a key is asked for, never in the background. An unknown key id, which anybody can send, causes at
//! most one fetch per cool-down; while the provider is away the keys that are known go on working for a day.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jsonwebtoken::DecodingKey;
use mainstay_model::Timestamp;
use mainstay_services::ports::{Clock, ProviderError, current_request_id, in_request};
use metrics::counter;
use oauth2::http;
use parking_lot::RwLock;
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use super::jwk_set;
use crate::{
    limits,
    outbound::{Outbound, OutboundError},
};

/// The keys of one provider.
pub(crate) struct Jwks(Arc<Shared>);

struct Shared {
    provider: &'static str,
    url: Url,
    ttl: Duration,
    clock: Arc<dyn Clock>,
    outbound: Arc<Outbound>,
    state: RwLock<State>,
    /// Held while fetching, so that many callers cause one fetch.
    fetching: Arc<Mutex<()>>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<String, Arc<DecodingKey>>,
    fetched_at: Option<Timestamp>,
    fresh_for: Duration,
    attempted_at: Option<Timestamp>,
    failure: Option<String>,
}

enum Found {
    Fresh(Arc<DecodingKey>),
    /// Past its time, but usable while the provider is away.
    Stale(Arc<DecodingKey>),
    Nothing,
}

impl Jwks {
    pub(crate) fn new(
        provider: &'static str,
        url: Url,
        ttl: Duration,
        clock: Arc<dyn Clock>,
        outbound: Arc<Outbound>,
    ) -> Self {
        let (state, fetching) = (RwLock::default(), Arc::default());
        Self(Arc::new(Shared { provider, url, ttl, clock, outbound, state, fetching }))
    }

    /// The key of an id.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] when the provider has no such key, [`ProviderError::Unavailable`] when it can't be asked.
    pub(crate) async fn key(&self, kid: &str) -> Result<Arc<DecodingKey>, ProviderError> {
        let shared = &self.0;
        match shared.find(kid) {
            Found::Fresh(key) => {
                shared.count_hit();
                return Ok(key);
            }
            Found::Stale(key) => {
                // One caller waits for the new set; the others need not.
                let Ok(held) = Arc::clone(&shared.fetching).try_lock_owned() else {
                    shared.count_hit();
                    return Ok(key);
                };
                self.fetch(held).await;
            }
            Found::Nothing => {
                counter!("mainstay_jwks_miss_total", "provider" => shared.provider).increment(1);
                let held = Arc::clone(&shared.fetching).lock_owned().await;
                // Whoever held the lock before may have brought the key.
                if let Found::Fresh(key) = shared.find(kid) {
                    return Ok(key);
                }
                self.fetch(held).await;
            }
        }
        match shared.find(kid) {
            Found::Fresh(key) | Found::Stale(key) => Ok(key),
            Found::Nothing => Err(shared.state.read().missing()),
        }
    }

    /// Fetches, if that is due. A caller who goes away does not break it off: else anybody could keep the keys from ever
    /// coming by asking for one and leaving.
    async fn fetch(&self, held: OwnedMutexGuard<()>) {
        let shared = Arc::clone(&self.0);
        // For the request that happened to need it first.
        let request_id = current_request_id();
        let fetching = tokio::spawn(async move {
            match request_id {
                Some(id) => in_request(id, shared.fetch_if_due()).await,
                None => shared.fetch_if_due().await,
            }
            drop(held);
        });
        // It fails only when the runtime is shutting down; then there is no key, and the caller is told so.
        let _ = fetching.await;
    }
}

impl Shared {
    fn count_hit(&self) {
        counter!("mainstay_jwks_hit_total", "provider" => self.provider).increment(1);
    }

    fn find(&self, kid: &str) -> Found {
        let state = self.state.read();
        let Some(age) = state.age(self.clock.now()) else { return Found::Nothing };
        match state.keys.get(kid) {
            Some(key) if age < state.fresh_for => Found::Fresh(Arc::clone(key)),
            Some(key) if age < limits::JWKS_STALE_MAX => Found::Stale(Arc::clone(key)),
            _ => Found::Nothing,
        }
    }

    /// Fetches unless that was tried a moment ago. The caller holds `fetching`.
    async fn fetch_if_due(&self) {
        let now = self.clock.now();
        {
            let mut state = self.state.write();
            let has_keys = state.age(now).is_some_and(|age| age < limits::JWKS_STALE_MAX);
            let pause = if has_keys { limits::JWKS_COOL_DOWN } else { limits::JWKS_COLD_RETRY };
            if state.attempted_at.is_some_and(|at| at <= now && now.since(at) < pause) {
                return;
            }
            state.attempted_at = Some(now);
        }
        counter!("mainstay_jwks_fetch_total", "provider" => self.provider).increment(1);
        match self.fetch_now().await {
            Ok((keys, fresh_for)) => self.take(keys, fresh_for, now),
            Err(failure) => {
                counter!("mainstay_jwks_failure_total", "provider" => self.provider).increment(1);
                tracing::warn!(provider = self.provider, reason = %failure, "jwks_fetch_failed");
                self.state.write().failure = Some(failure);
            }
        }
    }

    async fn fetch_now(&self) -> Result<(BTreeMap<String, Arc<DecodingKey>>, Duration), String> {
        let request = http::Request::get(self.url.as_str())
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| error.to_string())?;
        let answer = self.outbound.send("jwks", request, limits::JWKS_BYTES_MAX).await;
        let answer = answer.map_err(|OutboundError(reason)| reason)?;
        if answer.status() != http::StatusCode::OK {
            return Err(format!("status {}", answer.status()));
        }
        let keys = jwk_set::read(answer.body())?;
        Ok((keys, fresh_for(answer.headers(), self.ttl)))
    }

    fn take(&self, keys: BTreeMap<String, Arc<DecodingKey>>, fresh_for: Duration, now: Timestamp) {
        let mut state = self.state.write();
        let rotated = !state.keys.is_empty() && !state.keys.keys().eq(keys.keys());
        if rotated {
            counter!("mainstay_jwks_rotation_total", "provider" => self.provider).increment(1);
            let (old, new): (BTreeSet<_>, BTreeSet<_>) = (state.keys.keys().collect(), keys.keys().collect());
            let (added, removed) = (new.difference(&old).count(), old.difference(&new).count());
            tracing::info!(provider = self.provider, added, removed, "jwks_rotated");
        }
        *state = State { keys, fetched_at: Some(now), fresh_for, attempted_at: Some(now), failure: None };
    }
}

impl State {
    /// How old the kept set is; none without one. A clock that steps back makes it new.
    fn age(&self, now: Timestamp) -> Option<Duration> {
        self.fetched_at.map(|at| now.since(at))
    }

    /// What it means that a key is not there.
    fn missing(&self) -> ProviderError {
        match &self.failure {
            Some(failure) => ProviderError::Unavailable(format!("the key set can't be fetched: {failure}")),
            None if self.fetched_at.is_none() => {
                ProviderError::Unavailable("there is no key set yet".to_owned())
            }
            None => ProviderError::Refused("signed with a key that the provider does not publish".to_owned()),
        }
    }
}

/// How long a set is fresh: the setting, or less if the provider says so, but not absurdly little (RFC 9111, 5.2.2.1).
fn fresh_for(headers: &http::HeaderMap, ttl: Duration) -> Duration {
    let directives =
        headers.get_all(http::header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let max_age = directives
        .flat_map(|value| value.split(','))
        .filter_map(|directive| directive.trim().strip_prefix("max-age="))
        .find_map(|seconds| seconds.trim_matches('"').parse().ok());
    match max_age {
        Some(seconds) => Duration::from_secs(seconds).max(limits::JWKS_TTL_MIN).min(ttl),
        None => ttl,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_may_shorten_the_life_of_its_keys_within_bounds() {
        let fresh = |value: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert(http::header::CACHE_CONTROL, value.parse().expect("a header"));
            fresh_for(&headers, limits::JWKS_TTL).as_secs()
        };
        assert_eq!(fresh("public, max-age=1800, must-revalidate"), 1800);
        assert_eq!(fresh("max-age=0"), limits::JWKS_TTL_MIN.as_secs());
        assert_eq!(fresh("max-age=99999999"), limits::JWKS_TTL.as_secs());
        assert_eq!(fresh("max-age=-1, max-age=many"), limits::JWKS_TTL.as_secs());
        assert_eq!(fresh("no-cache"), limits::JWKS_TTL.as_secs());
        assert_eq!(fresh_for(&http::HeaderMap::new(), limits::JWKS_TTL), limits::JWKS_TTL);
    }
}
