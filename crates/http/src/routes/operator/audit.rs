//! The audit trail (OBS-4).

use actix_web::{get, web};
use mainstay_services::audit;
use mainstay_store::AuditFilter;

use crate::{
    extract::Operator,
    routes::{Answer, Server},
    views::{
        cursor,
        operator::{AuditEventView, AuditEventsView, AuditQuery},
        page_limit,
    },
};

/// Lists events, newest first
#[utoipa::path(tag = "operator", params(AuditQuery), responses((status = 200, description = "One page", body = AuditEventsView)))]
#[get("/v1/operator/audit")]
pub(crate) async fn list_audit_events(
    server: Server,
    _operator: Operator,
    query: web::Query<AuditQuery>,
) -> Answer<AuditEventsView> {
    let limit = page_limit(query.limit)?;
    let before_sequence = cursor::<i64>(query.cursor.as_deref())?;
    let query = query.into_inner();
    let filter = AuditFilter {
        action: query.action,
        actor: query.actor,
        before_sequence,
        // One more than is shown tells whether there is a next page.
        limit: limit + 1,
        ..AuditFilter::default()
    };
    let mut events = audit::list(&server.app, filter).await?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next_cursor = events.last().filter(|_| more).map(|event| event.sequence.to_string());
    let items = events.into_iter().map(AuditEventView::from).collect();
    Ok(web::Json(AuditEventsView { items, next_cursor }))
}
