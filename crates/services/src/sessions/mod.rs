//! Sessions: opening, proving, refreshing and ending them.
//!
//! An access token says who somebody *was* for a quarter of an hour; whether the session still lives is asked of the database,
//! with an answer kept for less than a second. A refresh token is known here only by its hash.

mod authenticate;
mod background;
mod cache;
mod csrf;
mod end;
pub mod keys;
mod notice;
mod open;
mod refresh;
mod ring;
mod rotation;
mod seen;
mod token;

use std::sync::Arc;

use mainstay_model::{SecretHash, Timestamp};
use mainstay_store::Store;
use parking_lot::{Mutex, RwLock};

use self::{cache::SessionCache, ring::Ring, seen::Seen, token::Verified};
use crate::{Result, Settings, crypto::Sealer, limits, ports::Ports};

pub(crate) use self::authenticate::proven_at;
pub use self::{
    authenticate::authenticate,
    background::run_background,
    csrf::{csrf_matches, csrf_token},
    end::{announce_ended, announce_member_changed, end, end_all_of_member, end_others, list, logout},
    open::{SignedIn, open, open_seeded},
    refresh::{Refreshed, refresh, session_of_refresh_token},
    rotation::RefreshWriter,
};

/// The key ring, which is replaced as a whole when keys change.
type SharedRing = Arc<RwLock<Arc<Ring>>>;

/// What a node keeps in memory about sessions: the key ring, verified tokens, session state and last-seen times.
pub struct Sessions {
    /// Shared with the writer of refreshes, which signs, too.
    ring: SharedRing,
    /// Held while the ring is read, so that an older reading never takes the place of a newer one. Its value is when an
    /// unknown `kid` last caused a reading.
    reloading: tokio::sync::Mutex<Option<Timestamp>>,
    validation: jsonwebtoken::Validation,
    verified: quick_cache::sync::Cache<SecretHash, Verified>,
    cache: SessionCache,
    seen: Mutex<Seen>,
}

impl Sessions {
    /// Loads the key ring; on a new database makes the first key. Of several nodes that start at once, one makes it.
    ///
    /// # Errors
    /// When the database is away, or a signing key does not open with the configured token-encryption keys.
    pub async fn load(
        store: &dyn Store,
        ports: &Ports,
        sealer: &Sealer,
        settings: &Settings,
    ) -> Result<Self> {
        let keys = keys::load_or_make(store, ports, sealer).await?;
        let ring = Ring::open(&keys, sealer, ports.clock.now())?;
        Ok(Self {
            ring: Arc::new(RwLock::new(Arc::new(ring))),
            reloading: tokio::sync::Mutex::new(None),
            validation: token::validation(settings),
            verified: quick_cache::sync::Cache::new(limits::VERIFIED_TOKENS_MAX),
            cache: SessionCache::new(),
            seen: Mutex::new(Seen::default()),
        })
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read())
    }
}
