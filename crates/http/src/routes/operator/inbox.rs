//! The inbox of purchase webhooks (WHK-5).

use actix_web::{get, post, web};
use mainstay_model::{InboxEventId, inbox::InboxState};
use mainstay_services::webhooks;

use crate::{
    extract::{Context, Id, Operator},
    routes::{Answer, Server},
    views::{
        cursor,
        inbox::{InboxEventView, InboxEventsView, InboxQuery},
        page_limit, word,
    },
};

/// Lists what payment providers sent, newest first
#[utoipa::path(
    tag = "operator",
    params(InboxQuery),
    responses((status = 200, description = "One page", body = InboxEventsView))
)]
#[get("/v1/operator/inbox")]
pub(crate) async fn list_inbox_events(
    server: Server,
    _operator: Operator,
    query: web::Query<InboxQuery>,
) -> Answer<InboxEventsView> {
    let limit = page_limit(query.limit)?;
    let before = cursor::<InboxEventId>(query.cursor.as_deref())?;
    let query = query.into_inner();
    let state = query.state.as_deref().map(|text| word::<InboxState>("state", text)).transpose()?;
    let filter = webhooks::InboxFilter { source: query.source, state, before, limit };
    let heads = webhooks::list(&server.app, filter).await?;
    // A full page may still be the last one that matches.
    let next_cursor = heads.last().filter(|_| heads.len() == limit as usize).map(|head| head.id.to_string());
    Ok(web::Json(InboxEventsView { items: heads.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Reads an event with what it says
#[utoipa::path(
    tag = "operator",
    params(("inbox_event_id" = Uuid, Path)),
    responses((status = 200, description = "The event", body = InboxEventView))
)]
#[get("/v1/operator/inbox/{inbox_event_id}")]
pub(crate) async fn get_inbox_event(
    server: Server,
    _operator: Operator,
    Id(id): Id<InboxEventId>,
) -> Answer<InboxEventView> {
    Ok(web::Json(webhooks::get(&server.app, id).await?.into()))
}

/// Tries a failed event at once
#[utoipa::path(
    tag = "operator",
    params(("inbox_event_id" = Uuid, Path)),
    responses((status = 200, description = "The event as it is now", body = InboxEventView))
)]
#[post("/v1/operator/inbox/{inbox_event_id}/retry")]
pub(crate) async fn retry_inbox_event(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<InboxEventId>,
) -> Answer<InboxEventView> {
    let event = webhooks::retry(&server.app, &context, &operator.0, id).await?;
    Ok(web::Json(event.into()))
}

/// Has an event's effect again
///
/// What it gave before it does not give again.
#[utoipa::path(
    tag = "operator",
    params(("inbox_event_id" = Uuid, Path)),
    responses((status = 200, description = "The event as it is now", body = InboxEventView))
)]
#[post("/v1/operator/inbox/{inbox_event_id}/replay")]
pub(crate) async fn replay_inbox_event(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<InboxEventId>,
) -> Answer<InboxEventView> {
    let event = webhooks::replay(&server.app, &context, &operator.0, id).await?;
    Ok(web::Json(event.into()))
}

/// Says that a failed event shall have no effect
#[utoipa::path(
    tag = "operator",
    params(("inbox_event_id" = Uuid, Path)),
    responses((status = 200, description = "The event as it is now", body = InboxEventView))
)]
#[post("/v1/operator/inbox/{inbox_event_id}/ignore")]
pub(crate) async fn ignore_inbox_event(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<InboxEventId>,
) -> Answer<InboxEventView> {
    let event = webhooks::ignore(&server.app, &context, &operator.0, id).await?;
    Ok(web::Json(event.into()))
}
