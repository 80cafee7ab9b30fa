//! The legacy sign-in with a provider's ID token; off unless switched on.

use actix_web::{HttpRequest, HttpResponse, post};
use mainstay_services::identity::social;

use crate::{
    body::Json,
    extract::Context,
    problem::Problem,
    routes::{Server, auth::signed_in},
    views::{
        sign_in::{SignedInView, SocialLogin},
        word,
    },
};

/// Signs in with a provider's ID token
#[utoipa::path(tag = "sign-in", responses((status = 200, description = "Signed in", body = SignedInView)))]
#[post("/v1/auth/social_login")]
pub(crate) async fn log_in_with_id_token(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(wish): Json<SocialLogin>,
) -> Result<HttpResponse, Problem> {
    let provider = word("provider", &wish.provider)?;
    let replaces = signed_in::replaced(&server, request.headers()).await?;
    let session = social::login(&server.app, &context, replaces, provider, &wish.id_token).await?;
    signed_in::answer(&server, &context, &session).await
}
