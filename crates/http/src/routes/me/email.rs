//! The member's address: a new one is proven by a mailed code before it counts (T-ID-04).

use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use mainstay_model::EmailFlowId;
use mainstay_services::identity::email;

use crate::{
    body::Json,
    cookies::Flow,
    extract::{Context, SignedInMember},
    problem::Problem,
    routes::{
        Answer, Server,
        auth::{
            browser::{Browser, secrets},
            email::started,
        },
        me::me_view,
    },
    views::{
        member::MeView,
        sign_in::{EmailFinish, EmailStart, EmailStartedView},
    },
};

/// Mails a code to the member's new address
#[utoipa::path(tag = "me", responses((status = 202, description = "On its way", body = EmailStartedView)))]
#[post("/v1/me/email/start")]
pub(crate) async fn start_email_change(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    request: HttpRequest,
    Json(wish): Json<EmailStart>,
) -> Result<HttpResponse, Problem> {
    let browser = Browser::begin(&server, &context, request.headers(), Flow::Email);
    let flow =
        email::change_start(&server.app, &context, &member.caller, &wish.email, browser.secret()).await?;
    Ok(started(&flow, &browser))
}

/// Makes the proven address the member's
#[utoipa::path(tag = "me", responses((status = 200, description = "The member", body = MeView)))]
#[post("/v1/me/email/finish")]
pub(crate) async fn finish_email_change(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    request: HttpRequest,
    Json(proof): Json<EmailFinish>,
) -> Answer<MeView> {
    let browser = secrets(&server, &context, request.headers(), Flow::Email);
    let flow_id = EmailFlowId::new(proof.flow_id);
    email::change_finish(&server.app, &context, &member.caller, flow_id, &proof.code, browser.as_slice())
        .await?;
    Ok(web::Json(me_view(&server.app, &member.caller, member.by_cookie).await?))
}

/// Removes the member's address
#[utoipa::path(tag = "me", responses((status = 204, description = "Removed")))]
#[delete("/v1/me/email")]
pub(crate) async fn remove_email(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
) -> Result<HttpResponse, Problem> {
    email::remove(&server.app, &context, &member.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
