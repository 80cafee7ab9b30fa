//! Passwords, for imported members; off unless switched on.

use actix_web::{HttpRequest, HttpResponse, post};
use mainstay_services::identity::password;

use crate::{
    body::Json,
    cookies::Flow,
    extract::Context,
    problem::Problem,
    routes::{
        Server,
        auth::{browser::Browser, email::started, signed_in},
    },
    views::sign_in::{EmailStartedView, PasswordLogin, PasswordRegister, SignedInView},
};

/// Signs up with a password
///
/// The address is proven by a mailed code, with which `/v1/auth/email/finish` signs in. The answer is the same whether the
/// address is known or not.
#[utoipa::path(tag = "sign-in", responses((status = 202, description = "A code is on its way", body = EmailStartedView)))]
#[post("/v1/auth/register")]
pub(crate) async fn register_with_password(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(wish): Json<PasswordRegister>,
) -> Result<HttpResponse, Problem> {
    let browser = Browser::begin(&server, &context, request.headers(), Flow::Email);
    let flow = password::register(
        &server.app,
        &context,
        &wish.email,
        &wish.password,
        wish.display_name.as_deref(),
        browser.secret(),
    )
    .await?;
    Ok(started(&flow, &browser))
}

/// Signs in with a password
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "Signed in", body = SignedInView)))]
#[post("/v1/auth/login")]
pub(crate) async fn log_in_with_password(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(wish): Json<PasswordLogin>,
) -> Result<HttpResponse, Problem> {
    let replaces = signed_in::replaced(&server, request.headers()).await?;
    let session = password::login(&server.app, &context, replaces, &wish.email, &wish.password).await?;
    signed_in::answer(&server, &context, &session).await
}
