//! What operators see: the audit trail and service keys.

use mainstay_model::{Timestamp, audit::AuditEvent, service_key::ServiceKey};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which events to list. What is left out matches all.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// An action, or all below one when it ends in a dot: `session.`
    pub(crate) action: Option<String>,
    /// Who did it: `member:<id>`, `service:<id>`, `cli:<user>`, `system`, `anonymous`.
    pub(crate) actor: Option<String>,
    /// At most so many items: 1 to 100, and 20 when it is left out.
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// An entry of the audit trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct AuditEventView {
    sequence: i64,
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    action: String,
    actor: String,
    subject: String,
    request_id: String,
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl From<AuditEvent> for AuditEventView {
    fn from(event: AuditEvent) -> Self {
        Self {
            sequence: event.sequence,
            id: event.id.uuid(),
            at: event.at,
            action: event.action,
            actor: event.actor,
            subject: event.subject,
            request_id: event.request_id,
            detail: serde_json::from_str(&event.detail).unwrap_or_default(),
        }
    }
}

/// One page of the audit trail, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvents)]
pub(crate) struct AuditEventsView {
    pub(crate) items: Vec<AuditEventView>,
    /// Where the next page begins; none on the last.
    pub(crate) next_cursor: Option<String>,
}

/// A service key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceKey)]
pub(crate) struct ServiceKeyView {
    id: Uuid,
    name: String,
    /// By which a leaked key is recognised.
    prefix: String,
    scopes: Vec<String>,
    /// The merchant that it belongs to, if it is of a till.
    merchant_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<ServiceKey> for ServiceKeyView {
    fn from(key: ServiceKey) -> Self {
        Self {
            id: key.id.uuid(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.iter().map(ToString::to_string).collect(),
            merchant_id: key.merchant_id.map(|id| id.uuid()),
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// All service keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceKeys)]
pub(crate) struct ServiceKeysView {
    pub(crate) items: Vec<ServiceKeyView>,
}

/// A new service key.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewServiceKey {
    pub(crate) name: String,
    /// `members:read`, `audit:read`
    pub(crate) scopes: Vec<String>,
}

/// A service key with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceKeyMade {
    pub(crate) service_key: ServiceKeyView,
    /// The key itself, for `Authorization: Bearer`.
    pub(crate) key: String,
}
