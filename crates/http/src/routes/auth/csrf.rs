//! The token that unsafe requests of a browser must carry.

use actix_web::{HttpRequest, get, web};
use mainstay_services::{Code, Error, sessions};

use crate::{
    routes::{Answer, Server, auth::signed_in::present_session},
    views::sign_in::CsrfToken,
};

/// The CSRF token of the browser's session
///
/// Works with the refresh cookie alone, so that a page can refresh first thing.
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "The token", body = CsrfToken)))]
#[get("/v1/auth/csrf")]
pub(crate) async fn get_csrf_token(server: Server, request: HttpRequest) -> Answer<CsrfToken> {
    match present_session(&server, request.headers()).await? {
        Some(present) if present.by_cookie => {
            Ok(web::Json(CsrfToken { csrf_token: sessions::csrf_token(&server.app, present.id) }))
        }
        _ => Err(Error::new(Code::Unauthenticated, "No session came with a cookie.").into()),
    }
}
