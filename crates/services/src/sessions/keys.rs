//! The ring of signing keys: making, rotating, showing and reading it again (SES-3).

use std::time::Duration;

use mainstay_model::{Timestamp, audit::Actor, key::SigningKey};
use mainstay_store::{Access, Store};
use serde_json::json;

use super::ring::{self, Ring};
use crate::{
    App, Error, RequestContext, Result, audit,
    crypto::{Purpose, Sealer},
    limits,
    ports::{Ports, Signal},
    resealing::Resealed,
};

/// The lock that whoever changes the ring takes.
const LOCK: &str = "key_ring";

/// The ring as readiness shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRingState {
    /// `kid` of the key that signs now; none is a fault.
    pub active_kid: Option<String>,
    /// Keys that verify now.
    pub keys: usize,
    /// When the ring was last read from the database.
    pub loaded_at: Timestamp,
    /// How long ago that was.
    pub age: Duration,
}

/// Adds a key and lets the earlier ones verify until the last token that they may sign has run out. The new key is shown at
/// once and signs after [`limits::SIGNING_KEY_LEAD`], so that every verifier knows it by then; `immediately` skips the wait,
/// for a key that leaked. Sealed forms of earlier keys are renewed if the token-encryption key changed.
///
/// # Errors
/// When the database is away.
pub async fn rotate(app: &App, ctx: &RequestContext, actor: &Actor, immediately: bool) -> Result<SigningKey> {
    let key = app.retrying(|| add_key(app, ctx, actor, immediately)).await?;
    app.ports.bus.publish(Signal::KeyRingChanged).await;
    reload(app).await?;
    Ok(key)
}

async fn add_key(app: &App, ctx: &RequestContext, actor: &Actor, immediately: bool) -> Result<SigningKey> {
    let mut tx = app.write().await?;
    tx.lock_name(LOCK).await?;
    let (now, ring) = (app.now(), tx.signing_keys().await?);
    // The newest key signs, so it must be the newest even if another node's clock was ahead when it made the one before.
    let after_newest = ring.last().map_or(now, |newest| newest.created_at + Duration::from_micros(1));
    let lead = if immediately { Duration::ZERO } else { limits::SIGNING_KEY_LEAD };
    let key = ring::make(&app.sealer, &*app.ports.random, now.max(after_newest), now + lead)?;
    let last_token_ends = key.activates_at + app.settings.access_token_ttl + limits::CLOCK_LEEWAY;
    for mut earlier in ring {
        if earlier.retires_at.is_some_and(|at| at <= now) {
            tx.delete_signing_key(&earlier.kid).await?;
            continue;
        }
        let retires_at = earlier.retires_at.map_or(last_token_ends, |at| at.min(last_token_ends));
        earlier.retires_at = Some(retires_at);
        if !app.sealer.is_current(&earlier.sealed_private_key) {
            let pkcs8 =
                app.sealer.open(Purpose::SigningKey, &earlier.sealed_private_key).map_err(Error::internal)?;
            earlier.sealed_private_key = app.sealer.seal(&*app.ports.random, Purpose::SigningKey, &pkcs8);
        }
        tx.update_signing_key(&earlier).await?;
    }
    tx.insert_signing_key(&key).await?;
    let detail = json!({ "activates_at": key.activates_at, "immediately": immediately });
    let subject = format!("key:{}", key.kid);
    tx.append_audit_events(&[audit::event(app, ctx, "key.rotated", actor, subject, detail)]).await?;
    tx.commit().await?;
    Ok(key)
}

/// Every stored key, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App) -> Result<Vec<SigningKey>> {
    Ok(app.read().await?.signing_keys().await?)
}

/// The public keys that verify tokens now or soon, as a JWK set (RFC 7517).
#[must_use]
pub fn jwks(app: &App) -> serde_json::Value {
    app.sessions.ring().jwks(app.now())
}

/// The ring of this node, for readiness.
#[must_use]
pub fn state(app: &App) -> KeyRingState {
    let (ring, now) = (app.sessions.ring(), app.now());
    KeyRingState {
        active_kid: ring.signing(now).map(|key| key.kid.clone()),
        keys: ring.len(now),
        loaded_at: ring.loaded_at,
        age: now.since(ring.loaded_at),
    }
}

/// Removes keys that verify no more. Answers how many.
pub(crate) async fn remove_retired(app: &App) -> Result<u64> {
    let now = app.now();
    let is_retired = |key: &SigningKey| key.retires_at.is_some_and(|at| at <= now);
    if !list(app).await?.iter().any(is_retired) {
        return Ok(0);
    }
    let mut tx = app.write().await?;
    tx.lock_name(LOCK).await?;
    let mut events = Vec::new();
    for key in tx.signing_keys().await?.iter().filter(|key| is_retired(key)) {
        tx.delete_signing_key(&key.kid).await?;
        let subject = format!("key:{}", key.kid);
        events.push(audit::event(
            app,
            &RequestContext::none(),
            "key.removed",
            &Actor::System,
            subject,
            json!({}),
        ));
    }
    tx.append_audit_events(&events).await?;
    tx.commit().await?;
    Ok(events.len() as u64)
}

/// Seals keys anew that an earlier token-encryption key sealed. They stay the same keys, so nobody needs to hear of it.
pub(crate) async fn reseal(app: &App) -> Result<Resealed> {
    let is_other = |key: &SigningKey| !app.sealer.is_current(&key.sealed_private_key);
    let mut resealed = Resealed::default();
    if !list(app).await?.iter().any(is_other) {
        return Ok(resealed);
    }
    let mut tx = app.write().await?;
    tx.lock_name(LOCK).await?;
    for mut key in tx.signing_keys().await?.into_iter().filter(is_other) {
        let Ok(pkcs8) = app.sealer.open(Purpose::SigningKey, &key.sealed_private_key) else {
            resealed.left += 1;
            continue;
        };
        key.sealed_private_key = app.sealer.seal(&*app.ports.random, Purpose::SigningKey, &pkcs8);
        resealed.done += u64::from(tx.update_signing_key(&key).await?);
    }
    tx.commit().await?;
    Ok(resealed)
}

/// Reads the ring again.
pub(super) async fn reload(app: &App) -> Result<()> {
    let _turn = app.sessions.reloading.lock().await;
    read_again(app).await
}

/// Reads the ring again because a token names a key that this node does not know; most such tokens are rubbish, so not more
/// often than once in [`limits::UNKNOWN_KID_COOLDOWN`].
pub(super) async fn reload_for_unknown(app: &App, kid: &str) -> Result<()> {
    let mut last = app.sessions.reloading.lock().await;
    let now = app.now();
    let is_cooling = last.is_some_and(|at| now >= at && now.since(at) < limits::UNKNOWN_KID_COOLDOWN);
    if is_cooling || app.sessions.ring().knows(kid) {
        return Ok(());
    }
    *last = Some(now);
    read_again(app).await
}

async fn read_again(app: &App) -> Result<()> {
    let now = app.now();
    let ring = Ring::open(&list(app).await?, &app.sealer, now)?;
    *app.sessions.ring.write() = std::sync::Arc::new(ring);
    Ok(())
}

/// The stored ring, with a first key made if there is none.
pub(super) async fn load_or_make(
    store: &dyn Store,
    ports: &Ports,
    sealer: &Sealer,
) -> Result<Vec<SigningKey>> {
    let keys = store.begin(Access::Read).await?.signing_keys().await?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    let mut tx = store.begin(Access::Write).await?;
    tx.lock_name(LOCK).await?;
    let mut keys = tx.signing_keys().await?;
    if keys.is_empty() {
        let now = ports.clock.now();
        let key = ring::make(sealer, &*ports.random, now, now)?;
        tx.insert_signing_key(&key).await?;
        tx.commit().await?;
        keys.push(key);
    }
    Ok(keys)
}
