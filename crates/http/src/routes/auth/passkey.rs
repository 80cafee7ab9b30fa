//! Passkeys: registration and sign-in, each in two steps.

use actix_web::{HttpRequest, HttpResponse, post};
use mainstay_model::CeremonyId;
use mainstay_services::identity::passkeys;

use crate::{
    body::{Json, OptionalJson},
    cookies::Flow,
    extract::{Context, MaybeMember},
    problem::Problem,
    routes::{
        Server,
        auth::{
            browser::{Browser, secrets},
            signed_in,
        },
    },
    views::passkey::{
        CeremonyStarted, LoginFinish, LoginStart, PasskeyRegistered, RegisterFinish, RegisterStart,
    },
};

/// Begins to register a passkey
///
/// For a new member, or for the member who is signed in, who must have signed in minutes ago.
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "The ceremony", body = CeremonyStarted)))]
#[post("/v1/auth/passkey/register/start")]
pub(crate) async fn start_passkey_registration(
    server: Server,
    Context(context): Context,
    member: MaybeMember,
    request: HttpRequest,
    Json(wish): Json<RegisterStart>,
) -> Result<HttpResponse, Problem> {
    let browser = Browser::begin(&server, &context, request.headers(), Flow::Passkey);
    let started = passkeys::register_start(
        &server.app,
        &context,
        member.0.as_ref(),
        wish.display_name.as_deref(),
        wish.language.as_deref(),
        browser.secret(),
    )
    .await?;
    let view = CeremonyStarted { ceremony_id: started.ceremony_id.uuid(), public_key: started.options };
    let mut response = HttpResponse::Ok().json(view);
    browser.keep(&mut response);
    Ok(response)
}

/// Registers a passkey
///
/// A new member is signed in with it.
#[utoipa::path(tag = "sign-in", responses((status = 201, description = "Registered", body = PasskeyRegistered)))]
#[post("/v1/auth/passkey/register/finish")]
pub(crate) async fn finish_passkey_registration(
    server: Server,
    Context(context): Context,
    member: MaybeMember,
    request: HttpRequest,
    Json(made): Json<RegisterFinish>,
) -> Result<HttpResponse, Problem> {
    let browser = secrets(&server, &context, request.headers(), Flow::Passkey);
    let finished = passkeys::register_finish(
        &server.app,
        &context,
        member.0.as_ref(),
        member.0.as_ref().map(|caller| caller.session_id),
        CeremonyId::new(made.ceremony_id),
        made.credential,
        made.name.as_deref(),
        browser.as_slice(),
    )
    .await?;
    let signed_in = match &finished.signed_in {
        Some(session) => Some(signed_in::view(&server, &context, session).await?),
        None => None,
    };
    let mut response =
        HttpResponse::Created().json(PasskeyRegistered { passkey: finished.passkey.into(), signed_in });
    if let Some(session) = &finished.signed_in {
        signed_in::keep(&server, &context, session, &mut response);
    }
    Ok(response)
}

/// Begins a sign-in with a passkey
///
/// No name is asked for: the authenticator knows its passkeys (discoverable credentials).
#[utoipa::path(
    tag = "sign-in",
    request_body = Option<LoginStart>,
    responses((status = 200, description = "The ceremony", body = CeremonyStarted))
)]
#[post("/v1/auth/passkey/login/start")]
pub(crate) async fn start_passkey_login(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    _body: OptionalJson<LoginStart>,
) -> Result<HttpResponse, Problem> {
    let browser = Browser::begin(&server, &context, request.headers(), Flow::Passkey);
    let started = passkeys::login_start(&server.app, &context, browser.secret()).await?;
    let view = CeremonyStarted { ceremony_id: started.ceremony_id.uuid(), public_key: started.options };
    let mut response = HttpResponse::Ok().json(view);
    browser.keep(&mut response);
    Ok(response)
}

/// Signs in with a passkey
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "Signed in", body = crate::views::sign_in::SignedInView)))]
#[post("/v1/auth/passkey/login/finish")]
pub(crate) async fn finish_passkey_login(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(made): Json<LoginFinish>,
) -> Result<HttpResponse, Problem> {
    let browser = secrets(&server, &context, request.headers(), Flow::Passkey);
    let replaces = signed_in::replaced(&server, request.headers()).await?;
    let session = passkeys::login_finish(
        &server.app,
        &context,
        replaces,
        CeremonyId::new(made.ceremony_id),
        made.credential,
        browser.as_slice(),
    )
    .await?;
    signed_in::answer(&server, &context, &session).await
}
