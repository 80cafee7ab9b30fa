//! One-time codes by mail: for first contact, sign-in and recovery.

use actix_web::{HttpRequest, HttpResponse, post};
use mainstay_model::EmailFlowId;
use mainstay_services::identity::email::{self, EmailStarted};

use crate::{
    body::Json,
    cookies::Flow,
    extract::Context,
    problem::Problem,
    routes::{
        Server,
        auth::{
            browser::{Browser, secrets},
            signed_in,
        },
    },
    views::sign_in::{EmailFinish, EmailStart, EmailStartedView, SignedInView},
};

/// Mails a sign-in code
///
/// The answer is the same whether the address is known or not.
#[utoipa::path(tag = "sign-in", responses((status = 202, description = "On its way", body = EmailStartedView)))]
#[post("/v1/auth/email/start")]
pub(crate) async fn start_email_code(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(wish): Json<EmailStart>,
) -> Result<HttpResponse, Problem> {
    let browser = Browser::begin(&server, &context, request.headers(), Flow::Email);
    let flow =
        email::start(&server.app, &context, &wish.email, wish.language.as_deref(), browser.secret()).await?;
    Ok(started(&flow, &browser))
}

/// The answer to whoever asked for a code.
pub(crate) fn started(flow: &EmailStarted, browser: &Browser) -> HttpResponse {
    let view =
        EmailStartedView { flow_id: flow.flow_id.uuid(), expires_in_seconds: flow.expires_in.as_secs() };
    let mut response = HttpResponse::Accepted().json(view);
    browser.keep(&mut response);
    response
}

/// Signs in with a mailed code
///
/// On first contact this makes the member.
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "Signed in", body = SignedInView)))]
#[post("/v1/auth/email/finish")]
pub(crate) async fn finish_email_code(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(proof): Json<EmailFinish>,
) -> Result<HttpResponse, Problem> {
    let browser = secrets(&server, &context, request.headers(), Flow::Email);
    let replaces = signed_in::replaced(&server, request.headers()).await?;
    let flow_id = EmailFlowId::new(proof.flow_id);
    let session =
        email::finish(&server.app, &context, replaces, flow_id, &proof.code, browser.as_slice()).await?;
    signed_in::answer_to_code(&server, &context, &session).await
}
