//! The automated tests' way in (IDN-8); never in production.

use actix_web::{HttpRequest, HttpResponse, post};
use mainstay_services::identity::test_login;

use crate::{
    body::Json,
    extract::Context,
    problem::Problem,
    routes::{Server, auth::signed_in},
    views::{
        sign_in::{SignedInView, TestLogin},
        word,
    },
};

const X_TEST_AUTH: &str = "x-test-auth";

/// Signs in for a test
#[utoipa::path(
    tag = "sign-in",
    params(("x-test-auth" = String, Header, description = "The shared secret of test mode")),
    responses((status = 200, description = "Signed in", body = SignedInView))
)]
#[post("/v1/auth/test-login")]
pub(crate) async fn log_in_for_tests(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    Json(wish): Json<TestLogin>,
) -> Result<HttpResponse, Problem> {
    let presented = request.headers().get(X_TEST_AUTH).and_then(|value| value.to_str().ok());
    let role = wish.role.as_deref().map(|role| word("role", role)).transpose()?;
    let replaces = signed_in::replaced(&server, request.headers()).await?;
    let session = test_login::login(
        &server.app,
        &context,
        replaces,
        presented,
        &wish.identity,
        wish.seed.as_deref(),
        role,
    )
    .await?;
    signed_in::answer(&server, &context, &session).await
}
