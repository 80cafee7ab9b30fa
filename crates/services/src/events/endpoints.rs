//! Endpoints: made, changed, disabled and enabled by operators; their secrets are shown once.

use std::time::Duration;

use mainstay_model::{
    EndpointSecretId, WebhookEndpointId,
    audit::Actor,
    outgoing::{Disabled, DisabledReason, EndpointSecret, EventType, WebhookEndpoint},
    text,
};
use mainstay_store::Tx;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::signature::secret_text;
use crate::{App, Code, Error, RequestContext, Result, audit, crypto::Purpose, limits};

/// Keeps the number of endpoints within its bound while several are made at once.
const LOCK: &str = "webhook_endpoints";

/// What a new endpoint is.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Its URL.
    pub url: String,
    /// What it is called.
    pub description: String,
    /// What it wants to hear of; all when it is empty.
    pub event_types: Vec<EventType>,
}

/// What to change of an endpoint; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// Its URL.
    pub url: Option<String>,
    /// What it is called.
    pub description: Option<String>,
    /// What it wants to hear of.
    pub event_types: Option<Vec<EventType>>,
    /// Whether anything is sent to it.
    pub enabled: Option<bool>,
}

/// Makes an endpoint. The secret is never to be had again.
///
/// # Errors
/// [`Code::ValidationFailed`] for what it can't be, [`Code::Conflict`] when there are as many as there may be; or the database is
/// away.
pub async fn create(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    new: &NewEndpoint,
) -> Result<(WebhookEndpoint, SecretString)> {
    let now = app.now();
    let endpoint = WebhookEndpoint {
        id: WebhookEndpointId::new(app.new_uuid()),
        url: checked_url(app, &new.url)?,
        description: checked_description(&new.description)?,
        event_types: in_order(&new.event_types),
        disabled: None,
        failing_since: None,
        created_at: now,
        updated_at: now,
    };
    let (secret, shown) = new_secret(app, endpoint.id);
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.lock_name(LOCK).await?;
        if tx.webhook_endpoints().await?.len() >= limits::WEBHOOK_ENDPOINTS_MAX {
            let most = limits::WEBHOOK_ENDPOINTS_MAX;
            return Err(Error::new(
                Code::Conflict,
                format!("There are {most} endpoints already; remove one."),
            ));
        }
        tx.insert_webhook_endpoint(&endpoint, &secret).await?;
        note(app, &mut *tx, ctx, actor, "webhook_endpoint.created", endpoint.id, told(&endpoint)).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok((endpoint, shown))
}

/// Every endpoint, newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App) -> Result<Vec<WebhookEndpoint>> {
    Ok(app.read().await?.webhook_endpoints().await?)
}

/// One endpoint.
///
/// # Errors
/// [`Code::NotFound`]; or the database is away.
pub async fn get(app: &App, id: WebhookEndpointId) -> Result<WebhookEndpoint> {
    app.read().await?.webhook_endpoint_by_id(id).await?.ok_or_else(Error::not_found)
}

/// Changes an endpoint. Enabling it begins anew: what waited is sent, and what was set aside may be sent again.
///
/// # Errors
/// [`Code::NotFound`], or as [`create`].
pub async fn update(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    id: WebhookEndpointId,
    change: &EndpointChange,
) -> Result<WebhookEndpoint> {
    let url = change.url.as_deref().map(|url| checked_url(app, url)).transpose()?;
    let description = change.description.as_deref().map(checked_description).transpose()?;
    let now = app.now();
    let endpoint = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            let mut endpoint = tx.lock_webhook_endpoint(id).await?.ok_or_else(Error::not_found)?;
            let was_enabled = endpoint.disabled.is_none();
            if let Some(url) = &url {
                endpoint.url.clone_from(url);
            }
            if let Some(description) = &description {
                endpoint.description.clone_from(description);
            }
            if let Some(event_types) = &change.event_types {
                endpoint.event_types = in_order(event_types);
            }
            match change.enabled {
                Some(true) => (endpoint.disabled, endpoint.failing_since) = (None, None),
                Some(false) if was_enabled => {
                    endpoint.disabled = Some(Disabled { at: now, reason: DisabledReason::Operator });
                }
                _ => {}
            }
            endpoint.updated_at = now;
            tx.update_webhook_endpoint(&endpoint).await?;
            let action = match (was_enabled, endpoint.disabled.is_none()) {
                (false, true) => "webhook_endpoint.enabled",
                (true, false) => "webhook_endpoint.disabled",
                _ => "webhook_endpoint.changed",
            };
            note(app, &mut *tx, ctx, actor, action, id, told(&endpoint)).await?;
            tx.commit().await?;
            Ok(endpoint)
        })
        .await?;
    if change.enabled == Some(true) {
        super::announce(&*app.ports.bus).await;
    }
    Ok(endpoint)
}

/// Removes an endpoint with its secrets and its log.
///
/// # Errors
/// [`Code::NotFound`]; or the database is away.
pub async fn delete(app: &App, ctx: &RequestContext, actor: &Actor, id: WebhookEndpointId) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        if !tx.delete_webhook_endpoint(id).await? {
            return Err(Error::not_found());
        }
        note(app, &mut *tx, ctx, actor, "webhook_endpoint.deleted", id, json!({})).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Makes a new secret, which signs at once. The ones before go on signing beside it for `overlap`, at most
/// [`limits::ENDPOINT_SECRET_OVERLAP`]; zero ends them now, as after a leak.
///
/// # Errors
/// [`Code::ValidationFailed`] for a longer overlap, [`Code::Conflict`] when too many secrets would sign at a time,
/// [`Code::NotFound`]; or the database is away.
pub async fn rotate_secret(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    id: WebhookEndpointId,
    overlap: Duration,
) -> Result<SecretString> {
    if overlap > limits::ENDPOINT_SECRET_OVERLAP {
        let most = limits::ENDPOINT_SECRET_OVERLAP.as_secs();
        let detail = format!("must be at most {most}");
        return Err(Error::field("overlap_seconds", "out_of_range", detail));
    }
    let (secret, shown) = new_secret(app, id);
    let others_until = app.now() + overlap;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.lock_webhook_endpoint(id).await?.ok_or_else(Error::not_found)?;
        tx.rotate_endpoint_secret(&secret, others_until).await?;
        let live = tx.live_endpoint_secrets(app.now()).await?;
        if live.iter().filter(|secret| secret.endpoint_id == id).count() > limits::ENDPOINT_SECRETS_MAX {
            let most = limits::ENDPOINT_SECRETS_MAX;
            let detail =
                format!("{most} secrets sign already. Wait for one to end, or rotate without an overlap.");
            return Err(Error::new(Code::Conflict, detail));
        }
        let detail = json!({ "overlap_seconds": overlap.as_secs() });
        note(app, &mut *tx, ctx, actor, "webhook_endpoint.secret_rotated", id, detail).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(shown)
}

/// 32 unpredictable bytes, sealed and as they are shown.
fn new_secret(app: &App, endpoint_id: WebhookEndpointId) -> (EndpointSecret, SecretString) {
    let random = &*app.ports.random;
    let bytes = random.secret();
    let secret = EndpointSecret {
        id: EndpointSecretId::new(app.new_uuid()),
        endpoint_id,
        sealed_secret: app.sealer.seal(random, Purpose::EndpointSecret, &bytes),
        created_at: app.now(),
        expires_at: None,
    };
    (secret, secret_text(&bytes))
}

fn checked_url(app: &App, text: &str) -> Result<String> {
    if text.len() > limits::WEBHOOK_URL_BYTES_MAX {
        let detail = format!("must have at most {} bytes", limits::WEBHOOK_URL_BYTES_MAX);
        return Err(Error::field("url", "too_long", detail));
    }
    let url = Url::parse(text).map_err(|_| Error::field("url", "invalid", "must be an https URL"))?;
    app.ports
        .webhooks
        .check_target(&url)
        .map_err(|fault| Error::field("url", "invalid", fault.to_string()))?;
    Ok(url.into())
}

fn checked_description(text: &str) -> Result<String> {
    text::label(text, limits::LABEL_CHARS_MAX).map_err(|fault| Error::text("description", fault))
}

fn in_order(event_types: &[EventType]) -> Vec<EventType> {
    let mut event_types = event_types.to_vec();
    event_types.sort_unstable();
    event_types.dedup();
    event_types
}

/// What the audit trail may tell about an endpoint: of its URL only the host, since the rest may hold a token.
fn told(endpoint: &WebhookEndpoint) -> Value {
    let host = Url::parse(&endpoint.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    json!({
        "host": host,
        "event_types": endpoint.event_types,
        "reason": endpoint.disabled.map(|disabled| disabled.reason),
    })
}

pub(super) fn subject(id: WebhookEndpointId) -> String {
    format!("webhook_endpoint:{id}")
}

/// Writes what an operator did into the audit trail.
pub(super) async fn note(
    app: &App,
    tx: &mut dyn Tx,
    ctx: &RequestContext,
    actor: &Actor,
    action: &'static str,
    id: WebhookEndpointId,
    detail: Value,
) -> Result<()> {
    let event = audit::event(app, ctx, action, actor, subject(id), detail);
    Ok(tx.append_audit_events(&[event]).await?)
}
