//! The end of a session.

use actix_web::{HttpRequest, HttpResponse, http::header, post};
use mainstay_services::{Code, Error, sessions};

use crate::{
    body::OptionalJson,
    extract::Context,
    problem::Problem,
    routes::{
        Server,
        auth::signed_in::{present_session, unless_ours},
    },
    security::{authentication::bearer_token, csrf},
    views::sign_in::RefreshRequest,
};

/// Ends the session
///
/// Answers a browser the same when there is none any more, so that every page comes out signed out. An access token that is no good
/// any more ends nothing: send the refresh token then.
#[utoipa::path(
    tag = "sign-in",
    request_body = Option<RefreshRequest>,
    responses((status = 204, description = "Signed out"))
)]
#[post("/v1/auth/logout")]
pub(crate) async fn log_out(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    if let Some(token) = body.and_then(|body| body.refresh_token) {
        if let Some(session_id) = unless_ours(sessions::session_of_refresh_token(&server.app, &token).await)?
        {
            sessions::logout(&server.app, &context, session_id).await?;
        }
        return Ok(HttpResponse::NoContent().finish());
    }
    if let Some(present) = present_session(&server, request.headers()).await? {
        if present.by_cookie {
            csrf::require_token(&server.app, present.id, request.headers())?;
        }
        sessions::logout(&server.app, &context, present.id).await?;
    } else if bearer_token(request.headers()).is_some() {
        // Whoever believes to have signed out must not be told so while the refresh token still lives.
        let detail =
            "The access token is not valid any more. Send the refresh token in the body to sign out.";
        return Err(Error::new(Code::InvalidToken, detail).into());
    }
    let mut response = HttpResponse::NoContent().finish();
    for cookie in server.cookies.clear_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
