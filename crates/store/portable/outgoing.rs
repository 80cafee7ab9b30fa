//! Outgoing events: endpoints with their secrets, events, and deliveries.

use async_trait::async_trait;
use mainstay_model::{
    EndpointSecretId, OutgoingEventId, Timestamp, WebhookEndpointId,
    outgoing::{
        Delivery, DeliveryAttempt, DeliveryKey, DeliveryState, Disabled, EndpointSecret, EventType,
        OutgoingEvent, WebhookEndpoint,
    },
    page::{Page, PageRequest},
};
use mainstay_store::{
    AfterAttempt, Attempted, DeliveryCounts, OutgoingEventStore, Result, WebhookEndpointStore,
};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    outgoing_batch, row,
    value::{Document, Text, query},
};

macro_rules! endpoint_columns {
    () => {
        "id, url, description, event_types, disabled_at, disabled_reason, failing_since, created_at, updated_at"
    };
}

macro_rules! select_delivery {
    () => {
        "SELECT d.endpoint_id, d.event_id, e.event_type, e.body, e.occurred_at, d.state, d.attempts, d.failures, \
         d.next_at, d.delivered_at, d.last_status, d.last_fault \
         FROM outgoing_deliveries AS d JOIN outgoing_events AS e ON e.id = d.event_id "
    };
}

fn endpoint(row: &Row) -> Result<WebhookEndpoint> {
    let disabled = match (row::at_opt(row, "disabled_at")?, row::word_opt(row, "disabled_reason")?) {
        (Some(at), Some(reason)) => Some(Disabled { at, reason }),
        _ => None,
    };
    Ok(WebhookEndpoint {
        id: WebhookEndpointId::new(row::uuid(row, "id")?),
        url: row::get(row, "url")?,
        description: row::get(row, "description")?,
        event_types: row::json(row, "event_types")?,
        disabled,
        failing_since: row::at_opt(row, "failing_since")?,
        created_at: row::at(row, "created_at")?,
        updated_at: row::at(row, "updated_at")?,
    })
}

fn secret(row: &Row) -> Result<EndpointSecret> {
    Ok(EndpointSecret {
        id: EndpointSecretId::new(row::uuid(row, "id")?),
        endpoint_id: WebhookEndpointId::new(row::uuid(row, "endpoint_id")?),
        sealed_secret: row::get(row, "sealed_secret")?,
        created_at: row::at(row, "created_at")?,
        expires_at: row::at_opt(row, "expires_at")?,
    })
}

pub(crate) fn delivery(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        endpoint_id: WebhookEndpointId::new(row::uuid(row, "endpoint_id")?),
        event: OutgoingEvent {
            id: OutgoingEventId::new(row::uuid(row, "event_id")?),
            event_type: row::word(row, "event_type")?,
            body: row::get(row, "body")?,
            occurred_at: row::at(row, "occurred_at")?,
        },
        state: row::word(row, "state")?,
        attempts: row::get(row, "attempts")?,
        failures: row::get(row, "failures")?,
        next_at: row::at(row, "next_at")?,
        delivered_at: row::at_opt(row, "delivered_at")?,
        last_status: row::get(row, "last_status")?,
        last_fault: row::get(row, "last_fault")?,
    })
}

fn attempt(row: &Row) -> Result<DeliveryAttempt> {
    Ok(DeliveryAttempt {
        number: row::get(row, "number")?,
        at: row::at(row, "at")?,
        duration_ms: row::get(row, "duration_ms")?,
        status: row::get(row, "status")?,
        fault: row::get(row, "fault")?,
    })
}

async fn insert_secret(tx: &mut Tx, secret: &EndpointSecret) -> Result<()> {
    tx.write(
        query(
            "INSERT INTO webhook_endpoint_secrets (id, endpoint_id, sealed_secret, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(secret.id.uuid())
        .bind(secret.endpoint_id.uuid())
        .bind(secret.sealed_secret.clone())
        .bind(Ts(secret.created_at))
        .bind(secret.expires_at.map(Ts)),
    )
    .await?;
    Ok(())
}

#[async_trait]
impl WebhookEndpointStore for Tx {
    async fn insert_webhook_endpoint(
        &mut self,
        endpoint: &WebhookEndpoint,
        secret: &EndpointSecret,
    ) -> Result<()> {
        self.write(
            query(concat!(
                "INSERT INTO webhook_endpoints (",
                endpoint_columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            ))
            .bind(endpoint.id.uuid())
            .bind(Text(&endpoint.url))
            .bind(Text(&endpoint.description))
            .bind(Document(&endpoint.event_types))
            .bind(endpoint.disabled.map(|disabled| Ts(disabled.at)))
            .bind(endpoint.disabled.map(|disabled| disabled.reason.as_str()))
            .bind(endpoint.failing_since.map(Ts))
            .bind(Ts(endpoint.created_at))
            .bind(Ts(endpoint.updated_at)),
        )
        .await?;
        insert_secret(self, secret).await
    }

    async fn webhook_endpoints(&mut self) -> Result<Vec<WebhookEndpoint>> {
        let rows = self
            .all(query(concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints ORDER BY id DESC")))
            .await?;
        row::read_all(&rows, endpoint)
    }

    async fn webhook_endpoint_by_id(&mut self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>> {
        let found = self
            .one(
                query(concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE id = $1"))
                    .bind(id.uuid()),
            )
            .await?;
        row::read(found, endpoint)
    }

    async fn lock_webhook_endpoint(&mut self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>> {
        let found = self
            .write_one(
                query(concat!(
                    "SELECT ",
                    endpoint_columns!(),
                    " FROM webhook_endpoints WHERE id = $1",
                    lock_rows!()
                ))
                .bind(id.uuid()),
            )
            .await?;
        row::read(found, endpoint)
    }

    async fn update_webhook_endpoint(&mut self, endpoint: &WebhookEndpoint) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE webhook_endpoints SET url = $2, description = $3, event_types = $4, disabled_at = $5, \
                     disabled_reason = $6, failing_since = $7, updated_at = $8 WHERE id = $1",
                )
                .bind(endpoint.id.uuid())
                .bind(Text(&endpoint.url))
                .bind(Text(&endpoint.description))
                .bind(Document(&endpoint.event_types))
                .bind(endpoint.disabled.map(|disabled| Ts(disabled.at)))
                .bind(endpoint.disabled.map(|disabled| disabled.reason.as_str()))
                .bind(endpoint.failing_since.map(Ts))
                .bind(Ts(endpoint.updated_at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn delete_webhook_endpoint(&mut self, id: WebhookEndpointId) -> Result<bool> {
        let rows = self.write(query("DELETE FROM webhook_endpoints WHERE id = $1").bind(id.uuid())).await?;
        Ok(rows == 1)
    }

    async fn webhook_endpoint_succeeded(&mut self, id: WebhookEndpointId) -> Result<()> {
        self.write(
            query(
                "UPDATE webhook_endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL",
            )
            .bind(id.uuid()),
        )
        .await?;
        Ok(())
    }

    async fn webhook_endpoint_failed(&mut self, id: WebhookEndpointId, at: Timestamp) -> Result<()> {
        self.write(
            query("UPDATE webhook_endpoints SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL")
                .bind(id.uuid())
                .bind(Ts(at)),
        )
        .await?;
        Ok(())
    }

    async fn disable_webhook_endpoint(
        &mut self,
        id: WebhookEndpointId,
        disabled: Disabled,
        failing_before: Option<Timestamp>,
    ) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE webhook_endpoints SET disabled_at = $2, disabled_reason = $3 \
                     WHERE id = $1 AND disabled_at IS NULL AND ($4 IS NULL OR failing_since <= $4)",
                )
                .bind(id.uuid())
                .bind(Ts(disabled.at))
                .bind(disabled.reason.as_str())
                .bind(failing_before.map(Ts)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn live_endpoint_secrets(&mut self, now: Timestamp) -> Result<Vec<EndpointSecret>> {
        let rows = self
            .all(
                query(
                    "SELECT id, endpoint_id, sealed_secret, created_at, expires_at FROM webhook_endpoint_secrets \
                     WHERE expires_at IS NULL OR expires_at > $1 ORDER BY id DESC",
                )
                .bind(Ts(now)),
            )
            .await?;
        row::read_all(&rows, secret)
    }

    async fn rotate_endpoint_secret(
        &mut self,
        secret: &EndpointSecret,
        others_until: Timestamp,
    ) -> Result<()> {
        self.write(
            query(
                "UPDATE webhook_endpoint_secrets SET expires_at = $2 \
                 WHERE endpoint_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
            )
            .bind(secret.endpoint_id.uuid())
            .bind(Ts(others_until)),
        )
        .await?;
        insert_secret(self, secret).await
    }
}

#[async_trait]
impl OutgoingEventStore for Tx {
    async fn insert_outgoing_events(&mut self, events: &[OutgoingEvent]) -> Result<u64> {
        if events.is_empty() {
            return Ok(0);
        }
        // Kept from being removed until the deliveries that refer to them are committed.
        let rows = self
            .write_all(query(concat!(
                "SELECT id, event_types FROM webhook_endpoints WHERE disabled_at IS NULL ORDER BY id",
                keep_rows!()
            )))
            .await?;
        let endpoints = row::read_all(&rows, |row| {
            Ok((
                WebhookEndpointId::new(row::uuid(row, "id")?),
                row::json::<Vec<EventType>>(row, "event_types")?,
            ))
        })?;
        let (mut wanted, mut deliveries) = (Vec::new(), Vec::new());
        for event in events {
            let before = deliveries.len();
            let takers = endpoints
                .iter()
                .filter(|(_, types)| types.is_empty() || types.contains(&event.event_type))
                .map(|(endpoint_id, _)| (*endpoint_id, event));
            deliveries.extend(takers);
            if deliveries.len() > before {
                wanted.push(event);
            }
        }
        outgoing_batch::insert_outgoing_events(self, &wanted, &deliveries).await?;
        Ok(deliveries.len() as u64)
    }

    async fn insert_outgoing_event_for(
        &mut self,
        event: &OutgoingEvent,
        endpoint_id: WebhookEndpointId,
    ) -> Result<()> {
        outgoing_batch::insert_outgoing_events(self, &[event], &[(endpoint_id, event)]).await
    }

    async fn claim_deliveries(
        &mut self,
        now: Timestamp,
        claimed_until: Timestamp,
        places: &[(WebhookEndpointId, u32)],
    ) -> Result<Vec<Delivery>> {
        let mut deliveries = outgoing_batch::claim_deliveries(self, now, claimed_until, places).await?;
        // RETURNING promises no order.
        deliveries
            .sort_unstable_by_key(|delivery| (delivery.next_at, delivery.event.id, delivery.endpoint_id));
        Ok(deliveries)
    }

    async fn finish_attempt(&mut self, attempted: &Attempted<'_>) -> Result<bool> {
        let (state, next_at, failures) = match attempted.after {
            AfterAttempt::Delivered => (DeliveryState::Delivered, None, 0),
            AfterAttempt::Retry { at, pauses } => (DeliveryState::Pending, Some(at), pauses),
            AfterAttempt::SetAside => (DeliveryState::SetAside, None, 1),
        };
        let is_delivered = state == DeliveryState::Delivered;
        let found = self
            .write_one(
                query(
                    "UPDATE outgoing_deliveries SET attempts = attempts + 1, failures = failures + $4, state = $5, \
                     next_at = COALESCE($6, next_at), claimed_until = NULL, delivered_at = $7, last_status = $8, \
                     last_fault = $9 WHERE endpoint_id = $1 AND event_id = $2 AND claimed_until = $3 \
                     RETURNING attempts",
                )
                .bind(attempted.key.endpoint_id.uuid())
                .bind(attempted.key.event_id.uuid())
                .bind(Ts(attempted.claimed_until))
                .bind(failures)
                .bind(state.as_str())
                .bind(next_at.map(Ts))
                .bind(is_delivered.then_some(Ts(attempted.at)))
                .bind(attempted.status)
                .bind(attempted.fault.map(Text)),
            )
            .await?;
        let Some(row) = found else { return Ok(false) };
        self.write(
            query(
                "INSERT INTO outgoing_attempts (endpoint_id, event_id, number, at, duration_ms, status, fault) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(attempted.key.endpoint_id.uuid())
            .bind(attempted.key.event_id.uuid())
            .bind(row::get::<i64>(&row, "attempts")?)
            .bind(Ts(attempted.at))
            .bind(attempted.duration_ms)
            .bind(attempted.status)
            .bind(attempted.fault.map(Text)),
        )
        .await?;
        Ok(true)
    }

    async fn resend_delivery(&mut self, key: DeliveryKey, now: Timestamp) -> Result<bool> {
        // A claim stays: what is under way is not sent twice at once.
        let rows = self
            .write(
                query(
                    "UPDATE outgoing_deliveries SET state = 'pending', failures = 0, next_at = $3 \
                     WHERE endpoint_id = $1 AND event_id = $2",
                )
                .bind(key.endpoint_id.uuid())
                .bind(key.event_id.uuid())
                .bind(Ts(now)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn resend_set_aside(&mut self, endpoint_id: WebhookEndpointId, now: Timestamp) -> Result<u64> {
        self.write(
            query(
                "UPDATE outgoing_deliveries SET state = 'pending', failures = 0, next_at = $2 \
                 WHERE endpoint_id = $1 AND state = 'set_aside'",
            )
            .bind(endpoint_id.uuid())
            .bind(Ts(now)),
        )
        .await
    }

    async fn deliveries_of_endpoint(
        &mut self,
        endpoint_id: WebhookEndpointId,
        page: PageRequest,
    ) -> Result<Page<Delivery>> {
        let rows = self
            .all(
                query(concat!(
                    select_delivery!(),
                    "WHERE d.endpoint_id = $1 AND d.event_id < $2 ORDER BY d.event_id DESC LIMIT $3"
                ))
                .bind(endpoint_id.uuid())
                // No id is as large as the largest UUID, so the first page is a page like any other.
                .bind(page.before.unwrap_or(Uuid::max()))
                .bind(i64::from(page.limit) + 1),
            )
            .await?;
        let deliveries = row::read_all(&rows, delivery)?;
        Ok(Page::from_overfetched(deliveries, page.limit, |delivery| delivery.event.id.uuid()))
    }

    async fn delivery_by_key(&mut self, key: DeliveryKey) -> Result<Option<Delivery>> {
        let found = self
            .one(
                query(concat!(select_delivery!(), "WHERE d.endpoint_id = $1 AND d.event_id = $2"))
                    .bind(key.endpoint_id.uuid())
                    .bind(key.event_id.uuid()),
            )
            .await?;
        row::read(found, delivery)
    }

    async fn delivery_attempts(&mut self, key: DeliveryKey, limit: u32) -> Result<Vec<DeliveryAttempt>> {
        let rows = self
            .all(
                query(
                    "SELECT number, at, duration_ms, status, fault FROM outgoing_attempts \
                     WHERE endpoint_id = $1 AND event_id = $2 ORDER BY number DESC LIMIT $3",
                )
                .bind(key.endpoint_id.uuid())
                .bind(key.event_id.uuid())
                .bind(i64::from(limit)),
            )
            .await?;
        row::read_all(&rows, attempt)
    }

    async fn delivery_counts(&mut self) -> Result<DeliveryCounts> {
        let rows = self
            .all(query(
                "SELECT count(d.event_id) AS waiting, min(d.next_at) AS oldest, \
                 (SELECT count(*) FROM webhook_endpoints WHERE disabled_reason IN ('gone', 'failing')) AS disabled \
                 FROM outgoing_deliveries AS d JOIN webhook_endpoints AS w ON w.id = d.endpoint_id \
                 WHERE d.state = 'pending' AND w.disabled_at IS NULL",
            ))
            .await?;
        rows.first().map_or(Ok(DeliveryCounts::default()), |row| {
            Ok(DeliveryCounts {
                waiting: row::get(row, "waiting")?,
                oldest: row::at_opt(row, "oldest")?,
                endpoints_disabled: row::get(row, "disabled")?,
            })
        })
    }
}
