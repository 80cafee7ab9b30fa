//! The delivery log as operators see it, sending again, and trying an endpoint out.

use mainstay_model::{
    OutgoingEventId, WebhookEndpointId,
    audit::Actor,
    outgoing::{Delivery, DeliveryAttempt, DeliveryKey, EventType, WebhookEndpoint},
    page::{Page, PageRequest},
};
use mainstay_store::Tx;
use serde_json::json;

use super::endpoints::note;
use crate::{App, Code, Error, RequestContext, Result, limits};

/// An endpoint's deliveries, newest event first.
///
/// # Errors
/// [`Code::NotFound`] when there is no such endpoint; or the database is away.
pub async fn list(app: &App, endpoint_id: WebhookEndpointId, page: PageRequest) -> Result<Page<Delivery>> {
    let mut tx = app.read().await?;
    tx.webhook_endpoint_by_id(endpoint_id).await?.ok_or_else(Error::not_found)?;
    let page = PageRequest { limit: page.limit.clamp(1, limits::PAGE_ITEMS_MAX), ..page };
    Ok(tx.deliveries_of_endpoint(endpoint_id, page).await?)
}

/// One delivery with its newest attempts.
///
/// # Errors
/// [`Code::NotFound`]; or the database is away.
pub async fn get(app: &App, key: DeliveryKey) -> Result<(Delivery, Vec<DeliveryAttempt>)> {
    let mut tx = app.read().await?;
    let delivery = tx.delivery_by_key(key).await?.ok_or_else(Error::not_found)?;
    let attempts = tx.delivery_attempts(key, limits::DELIVERY_ATTEMPTS_SHOWN).await?;
    Ok((delivery, attempts))
}

/// Sends an event again at once, whatever became of it before, and with all attempts before it.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Conflict`] when the endpoint is disabled; or the database is away.
pub async fn resend(app: &App, ctx: &RequestContext, actor: &Actor, key: DeliveryKey) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        enabled_endpoint(&mut *tx, key.endpoint_id).await?;
        if !tx.resend_delivery(key, app.now()).await? {
            return Err(Error::not_found());
        }
        let detail = json!({ "event": key.event_id });
        note(app, &mut *tx, ctx, actor, "delivery.resent", key.endpoint_id, detail).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    super::announce(&*app.ports.bus).await;
    Ok(())
}

/// Sends everything again that an endpoint has set aside; answers how many.
///
/// # Errors
/// As [`resend`].
pub async fn resend_set_aside(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    endpoint_id: WebhookEndpointId,
) -> Result<u64> {
    let resent = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            enabled_endpoint(&mut *tx, endpoint_id).await?;
            let resent = tx.resend_set_aside(endpoint_id, app.now()).await?;
            let detail = json!({ "deliveries": resent });
            note(app, &mut *tx, ctx, actor, "delivery.resent", endpoint_id, detail).await?;
            tx.commit().await?;
            Ok(resent)
        })
        .await?;
    super::announce(&*app.ports.bus).await;
    Ok(resent)
}

/// Sends one event of type `endpoint.test` to an endpoint, whatever that wants to hear of; it is tried once. Answers the event's id,
/// by which the log tells what became of it.
///
/// # Errors
/// As [`resend`].
pub async fn send_test(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    endpoint_id: WebhookEndpointId,
) -> Result<OutgoingEventId> {
    let data = json!({ "endpoint_id": endpoint_id });
    let event = super::event(app.new_uuid(), app.now(), EventType::EndpointTest, &data);
    app.retrying(|| async {
        let mut tx = app.write().await?;
        enabled_endpoint(&mut *tx, endpoint_id).await?;
        tx.insert_outgoing_event_for(&event, endpoint_id).await?;
        let detail = json!({ "event": event.id });
        note(app, &mut *tx, ctx, actor, "webhook_endpoint.tested", endpoint_id, detail).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    super::announce(&*app.ports.bus).await;
    Ok(event.id)
}

/// The endpoint, kept as it is until the transaction ends.
async fn enabled_endpoint(tx: &mut dyn Tx, id: WebhookEndpointId) -> Result<WebhookEndpoint> {
    let endpoint = tx.lock_webhook_endpoint(id).await?.ok_or_else(Error::not_found)?;
    if endpoint.disabled.is_some() {
        return Err(Error::new(Code::Conflict, "The endpoint is disabled. Enable it first."));
    }
    Ok(endpoint)
}
