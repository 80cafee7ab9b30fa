//! The member as such.

use actix_web::{HttpResponse, delete, get, http::header, patch, web};
#[cfg(feature = "sabotage")]
use mainstay_services::sabotage::{self, Guard};
use mainstay_services::{App, Caller, members, sessions};

use crate::{
    body::Json,
    extract::{Context, SignedInMember},
    problem::Problem,
    routes::{Answer, Server},
    views::member::{MePatch, MeView},
};

/// The member as they see themselves.
pub(crate) async fn me_view(app: &App, caller: &Caller, by_cookie: bool) -> Result<MeView, Problem> {
    let me = members::me(app, caller).await?;
    let csrf_token = by_cookie.then(|| sessions::csrf_token(app, caller.session_id));
    Ok(MeView::new(me, app.now(), csrf_token))
}

/// Who is signed in
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "The member", body = MeView)))]
#[get("/v1/auth/me")]
pub(crate) async fn get_me(server: Server, member: SignedInMember) -> Answer<MeView> {
    Ok(web::Json(me_view(&server.app, &member.caller, member.by_cookie).await?))
}

/// Changes name or language
///
/// What is left out stays.
#[utoipa::path(tag = "me", responses((status = 200, description = "The member", body = MeView)))]
#[patch("/v1/me")]
pub(crate) async fn update_me(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Json(change): Json<MePatch>,
) -> Answer<MeView> {
    let (name, language) = (change.display_name.as_deref(), change.language.as_deref());
    members::update(&server.app, &context, &member.caller, name, language).await?;
    #[cfg(feature = "sabotage")]
    if let Some(role) = change.role.as_deref().filter(|_| sabotage::is_off(Guard::MassAssignment)) {
        members::take_role(&server.app, &member.caller, crate::views::word("role", role)?).await?;
    }
    Ok(web::Json(me_view(&server.app, &member.caller, member.by_cookie).await?))
}

/// Deletes the member and all that is theirs
#[utoipa::path(tag = "me", responses((status = 204, description = "Deleted")))]
#[delete("/v1/me")]
pub(crate) async fn delete_me(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
) -> Result<HttpResponse, Problem> {
    members::delete_self(&server.app, &context, &member.caller).await?;
    let mut response = HttpResponse::NoContent().finish();
    if member.by_cookie {
        for cookie in server.cookies.clear_session() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
