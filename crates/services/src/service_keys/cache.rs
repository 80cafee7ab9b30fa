//! Keys in memory, for less than a second: a back end that asks a thousand times a second is looked up once.
//!
//! As with session state, an entry counts only while no revocation was heard of since before its row was read. So a read that was
//! under way when a key was revoked can never bring it back.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use mainstay_model::{Timestamp, service_key::ServiceKey};
use quick_cache::sync::Cache;

use crate::limits;

/// A key as it was.
#[derive(Clone)]
struct Known {
    key: Arc<ServiceKey>,
    loaded_at: Timestamp,
    revocations: u64,
}

/// The keys that are in use, by what they are recognised by.
pub struct ServiceKeys {
    known: Cache<String, Known>,
    revocations: AtomicU64,
}

impl Default for ServiceKeys {
    fn default() -> Self {
        Self { known: Cache::new(limits::SERVICE_KEY_CACHE_ENTRIES_MAX), revocations: AtomicU64::new(0) }
    }
}

impl ServiceKeys {
    /// The key, if it was read lately and none was revoked since.
    pub(super) fn get(&self, prefix: &str, now: Timestamp) -> Option<Arc<ServiceKey>> {
        let known = self.known.get(prefix)?;
        let is_fresh = now >= known.loaded_at && now.since(known.loaded_at) < limits::SESSION_CACHE_TTL;
        (is_fresh && known.revocations == self.revocations()).then_some(known.key)
    }

    /// How many revocations were heard of. Ask before reading what it will vouch for.
    pub(super) fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::SeqCst)
    }

    /// Keeps a key that was read when so many revocations were known.
    pub(super) fn put(&self, key: Arc<ServiceKey>, loaded_at: Timestamp, revocations: u64) {
        self.known.insert(key.prefix.clone(), Known { key, loaded_at, revocations });
    }

    /// Forgets one key, whose row has changed.
    pub(super) fn forget(&self, prefix: &str) {
        self.known.remove(prefix);
    }

    /// Forgets every key.
    pub(crate) fn forget_all(&self) {
        self.revocations.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mainstay_model::ServiceKeyId;
    use uuid::Uuid;

    use super::*;

    fn key() -> Arc<ServiceKey> {
        Arc::new(ServiceKey {
            id: ServiceKeyId::new(Uuid::now_v7()),
            name: "back end".to_owned(),
            prefix: "msk_abcdefgh".to_owned(),
            hash: [7; 32],
            scopes: Vec::new(),
            merchant_id: None,
            created_at: Timestamp::from_micros(0),
            last_used_at: None,
            revoked_at: None,
        })
    }

    #[test]
    fn idn_10_a_key_is_kept_for_less_than_a_second() {
        let (keys, key, now) = (ServiceKeys::default(), key(), Timestamp::from_micros(1_000_000));
        keys.put(Arc::clone(&key), now, keys.revocations());
        assert!(keys.get(&key.prefix, now).is_some());
        let last = now + (limits::SESSION_CACHE_TTL - Duration::from_micros(1));
        assert!(keys.get(&key.prefix, last).is_some());
        assert!(keys.get(&key.prefix, now + limits::SESSION_CACHE_TTL).is_none());
        // A clock that was put back makes nothing live longer.
        assert!(keys.get(&key.prefix, Timestamp::from_micros(0)).is_none());
        assert!(keys.get("msk_00000000", now).is_none());
        keys.forget(&key.prefix);
        assert!(keys.get(&key.prefix, now).is_none());
    }

    #[test]
    fn idn_10_a_read_that_was_under_way_brings_no_revoked_key_back() {
        let (keys, key, now) = (ServiceKeys::default(), key(), Timestamp::from_micros(0));
        let before = keys.revocations();
        keys.forget_all();
        keys.put(Arc::clone(&key), now, before);
        assert!(keys.get(&key.prefix, now).is_none());
        keys.put(Arc::clone(&key), now, keys.revocations());
        assert!(keys.get(&key.prefix, now).is_some());
        keys.forget_all();
        assert!(keys.get(&key.prefix, now).is_none());
    }
}
