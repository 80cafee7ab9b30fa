//! A new access token for a session.

use actix_web::{HttpRequest, HttpResponse, post};
use mainstay_model::session::Posture;
use mainstay_services::{Code, Error, RequestContext, sessions};

use crate::{
    body::OptionalJson,
    edge::refuse_browser,
    extract::Context,
    problem::Problem,
    routes::{Server, auth::signed_in},
    security::csrf,
    views::sign_in::{RefreshRequest, RefreshedView},
};

/// Refreshes a session
///
/// Browsers send their cookie and `x-csrf-token`, and get cookies; other clients send their refresh token and get tokens. Each
/// refresh token is good for one refresh.
#[utoipa::path(
    tag = "sign-in",
    request_body = Option<RefreshRequest>,
    responses((status = 200, description = "Refreshed", body = RefreshedView))
)]
#[post("/v1/auth/refresh")]
pub(crate) async fn refresh_session(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    if let Some(token) = body.and_then(|body| body.refresh_token) {
        refuse_browser(request.headers())?;
        let context = RequestContext { posture: Posture::Bearer, ..context };
        let refreshed = sessions::refresh(&server.app, &context, &token).await?;
        return Ok(signed_in::refreshed(&server, &refreshed, Posture::Bearer));
    }
    let (token, session_id) = signed_in::refresh_cookie(&server, request.headers())
        .await
        .map_err(over)?
        .ok_or_else(|| Error::new(Code::Unauthenticated, "There is no session to refresh."))?;
    csrf::require_token(&server.app, session_id, request.headers())?;
    let context = RequestContext { posture: Posture::Browser, ..context };
    let refreshed = sessions::refresh(&server.app, &context, token).await.map_err(over)?;
    Ok(signed_in::refreshed(&server, &refreshed, Posture::Browser))
}

/// A session that is over takes its cookies with it.
pub(crate) fn over(error: Error) -> Problem {
    let clears_session = matches!(error.code, Code::InvalidToken | Code::SessionEnded | Code::RefreshReused);
    Problem { error: Box::new(error), clears_session }
}
