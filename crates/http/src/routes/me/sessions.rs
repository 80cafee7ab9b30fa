//! The member's sessions (IDN-7).

use actix_web::{HttpResponse, delete, get, web};
use mainstay_model::SessionId;
use mainstay_services::sessions;

use crate::{
    extract::{Context, Id, SignedInMember},
    problem::Problem,
    routes::{Answer, Server},
    views::session::{SessionView, SessionsView},
};

/// Lists the member's live sessions
#[utoipa::path(tag = "me", responses((status = 200, description = "The sessions", body = SessionsView)))]
#[get("/v1/me/sessions")]
pub(crate) async fn list_sessions(server: Server, member: SignedInMember) -> Answer<SessionsView> {
    let sessions = sessions::list(&server.app, &member.caller).await?;
    let current = member.caller.session_id;
    let items = sessions.into_iter().map(|session| SessionView::new(session, current)).collect();
    Ok(web::Json(SessionsView { items }))
}

/// Ends all sessions but the one that asks
#[utoipa::path(tag = "me", responses((status = 204, description = "Ended")))]
#[delete("/v1/me/sessions")]
pub(crate) async fn end_other_sessions(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
) -> Result<HttpResponse, Problem> {
    sessions::end_others(&server.app, &context, &member.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends a session
#[utoipa::path(tag = "me", params(("session_id" = Uuid, Path)), responses((status = 204, description = "Ended")))]
#[delete("/v1/me/sessions/{session_id}")]
pub(crate) async fn end_session(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Id(id): Id<SessionId>,
) -> Result<HttpResponse, Problem> {
    sessions::end(&server.app, &context, &member.caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
