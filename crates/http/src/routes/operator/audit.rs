//! The audit trail (OBS-4).

use actix_web::{get, web};
use mainstay_services::audit;

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
    let filter = audit::AuditFilter {
        action: query.action,
        actor: query.actor,
        before_sequence,
        limit,
        ..audit::AuditFilter::default()
    };
    let events = audit::list(&server.app, filter).await?;
    // Sequence numbers begin at 1: before that there is nothing. A full page may still be the last one that matches.
    let last = events.last().filter(|event| events.len() == limit as usize && event.sequence > 1);
    let next_cursor = last.map(|event| event.sequence.to_string());
    let items = events.into_iter().map(AuditEventView::from).collect();
    Ok(web::Json(AuditEventsView { items, next_cursor }))
}
