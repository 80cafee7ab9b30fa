//! Keys of a team's own back ends (IDN-10): `msk_` and eight characters by which a key is recognised, `_`, and 256 secret bits.
//! Only the hash is stored; the key itself is shown once.

mod cache;

use std::sync::Arc;

use mainstay_model::{
    MerchantId, ServiceKeyId, Timestamp,
    audit::Actor,
    service_key::{Scope, ServiceKey},
    text,
};
use secrecy::SecretString;
use serde_json::json;

pub use self::cache::ServiceKeys;
use crate::{
    App, Code, Error, RequestContext, Result, audit, crypto, limits, merchants,
    ports::Signal,
    sabotage::{self, Guard},
};

const PREFIX: &str = "msk_";
const PREFIX_BYTES: usize = PREFIX.len() + 8;
const KEY_BYTES: usize = PREFIX_BYTES + 1 + 43;

/// Makes a key. The text is never to be had again.
///
/// # Errors
/// [`Code::ValidationFailed`] for a bad name or no scope; or the database is away.
pub async fn create(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    name: &str,
    scopes: &[Scope],
) -> Result<(ServiceKey, SecretString)> {
    let name =
        text::required_label(name, limits::LABEL_CHARS_MAX).map_err(|fault| Error::text("name", fault))?;
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::field("scopes", "required", "must name at least one scope"));
    }
    if scopes.contains(&Scope::RedemptionsConfirm) {
        return Err(Error::field(
            "scopes",
            "invalid",
            "must not name redemptions:confirm: such a key belongs to a merchant, and is made there",
        ));
    }
    made(app, ctx, actor, name, scopes, None).await
}

/// Makes a key of a merchant's till: it confirms redemptions at this merchant, and opens nothing else. The text is never to be had
/// again.
///
/// # Errors
/// [`Code::NotFound`] when there is no such merchant, [`Code::ValidationFailed`] for a bad name; or the database is away.
pub async fn create_for_merchant(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    merchant_id: MerchantId,
    name: &str,
) -> Result<(ServiceKey, SecretString)> {
    let name =
        text::required_label(name, limits::LABEL_CHARS_MAX).map_err(|fault| Error::text("name", fault))?;
    let merchant = merchants::get(app, merchant_id).await?;
    made(app, ctx, actor, name, vec![Scope::RedemptionsConfirm], Some(merchant.id)).await
}

async fn made(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    name: String,
    scopes: Vec<Scope>,
    merchant_id: Option<MerchantId>,
) -> Result<(ServiceKey, SecretString)> {
    let prefix = new_prefix(app);
    let text = format!("{prefix}_{}", crypto::encode(&app.ports.random.secret()));
    let key = ServiceKey {
        id: ServiceKeyId::new(app.new_uuid()),
        name,
        prefix,
        hash: crypto::sha256(text.as_bytes()),
        scopes,
        merchant_id,
        created_at: app.now(),
        last_used_at: None,
        revoked_at: None,
    };
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.insert_service_key(&key).await?;
        let detail = json!({ "prefix": key.prefix, "scopes": key.scopes, "merchant": key.merchant_id });
        let event = audit::event(app, ctx, "service_key.created", actor, subject(key.id), detail);
        tx.append_audit_events(&[event]).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok((key, SecretString::from(text)))
}

/// Eight characters of 36: enough to tell keys apart, and no secret.
fn new_prefix(app: &App) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = [0; 8];
    app.ports.random.fill(&mut bytes);
    let characters = bytes.iter().map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    PREFIX.chars().chain(characters).collect()
}

/// Every key, revoked ones too, newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App) -> Result<Vec<ServiceKey>> {
    Ok(app.read().await?.service_keys().await?)
}

/// Revokes a key. The next request with it is refused by this node, and by every other within
/// [`limits::SESSION_CACHE_TTL`].
///
/// # Errors
/// [`Code::NotFound`] when there is none or it was revoked before; or the database is away.
pub async fn revoke(app: &App, ctx: &RequestContext, actor: &Actor, id: ServiceKeyId) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        if !tx.revoke_service_key(id, app.now()).await? {
            return Err(Error::not_found());
        }
        let event = audit::event(app, ctx, "service_key.revoked", actor, subject(id), json!({}));
        tx.append_audit_events(&[event]).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    app.service_keys.forget_all();
    app.ports.bus.publish(Signal::ServiceKeyRevoked).await;
    Ok(())
}

/// Finds out which key is presented, and demands a scope of it.
///
/// # Errors
/// [`Code::Unauthenticated`] for an unknown or revoked key, [`Code::Forbidden`] when it lacks the scope; or the database is away.
pub async fn authenticate(app: &App, presented: &str, scope: Scope) -> Result<Arc<ServiceKey>> {
    let prefix = prefix_of(presented).ok_or_else(unauthenticated)?;
    let now = app.now();
    let key = match app.service_keys.get(prefix, now) {
        Some(key) => key,
        None => load(app, prefix, now).await?.ok_or_else(unauthenticated)?,
    };
    if !crypto::equal(&crypto::sha256(presented.as_bytes()), &key.hash)
        || key.revoked_at.is_some() && !sabotage::is_off(Guard::ServiceKeyState)
    {
        return Err(unauthenticated());
    }
    if !key.scopes.contains(&scope) && !sabotage::is_off(Guard::ServiceScope) {
        return Err(Error::new(Code::Forbidden, format!("This key lacks the scope {scope}.")));
    }
    if key.last_used_at.is_none_or(|at| now.since(at) >= limits::SERVICE_KEY_TOUCH) {
        app.retrying(|| touch(app, key.id, now)).await?;
        app.service_keys.forget(prefix);
    }
    Ok(key)
}

async fn load(app: &App, prefix: &str, now: Timestamp) -> Result<Option<Arc<ServiceKey>>> {
    let revocations = app.service_keys.revocations();
    let key = app.read().await?.service_key_by_prefix(prefix).await?.map(Arc::new);
    if let Some(key) = &key {
        app.service_keys.put(Arc::clone(key), now, revocations);
    }
    Ok(key)
}

async fn touch(app: &App, id: ServiceKeyId, now: Timestamp) -> Result<()> {
    let mut tx = app.write().await?;
    tx.touch_service_key(id, now).await?;
    Ok(tx.commit().await?)
}

/// The visible part of a well-formed key.
fn prefix_of(presented: &str) -> Option<&str> {
    let is_well_formed = presented.len() == KEY_BYTES
        && presented.is_ascii()
        && presented.starts_with(PREFIX)
        && presented.as_bytes()[PREFIX_BYTES] == b'_';
    is_well_formed.then(|| &presented[..PREFIX_BYTES])
}

fn subject(id: ServiceKeyId) -> String {
    format!("service_key:{id}")
}

fn unauthenticated() -> Error {
    Error::new(Code::Unauthenticated, "The service key is not valid.")
}
