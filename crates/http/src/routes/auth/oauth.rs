//! The trips to Google and Apple and back. Browsers navigate here, so outcomes are redirects; their targets come from the
//! configured public URL and from paths that were checked at the start, never from the request's host.

use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web};
use mainstay_model::identity::Provider;
use mainstay_services::{
    Code, Error, RequestContext,
    identity::oauth::{self, OauthFinished},
    sabotage::{self, Guard},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::FormBody,
    cookies::Flow,
    edge::count_sign_in_failure,
    extract::Context,
    problem::{self, Problem},
    routes::{
        Server,
        auth::{
            browser::{self, Browser},
            signed_in::{PresentSession, present_session, session_cookies},
        },
    },
    security::csrf,
    state::Edge,
};

/// How a trip begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OauthStartQuery {
    /// Path of this site to return to.
    return_to: Option<String>,
    /// Adds the account to the member who is signed in, who must have signed in minutes ago.
    link: Option<bool>,
}

/// What the provider says.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OauthCallbackQuery {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// What Apple says, as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read field by field")]
pub(crate) struct AppleCallbackForm {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    /// JSON with the name, the first time only.
    user: Option<String>,
}

/// Goes to Google to sign in
#[utoipa::path(tag = "sign-in", params(OauthStartQuery), responses((status = 303, description = "To Google")))]
#[get("/v1/auth/google/start")]
pub(crate) async fn start_google_login(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    query: web::Query<OauthStartQuery>,
) -> Result<HttpResponse, Problem> {
    start(&server, &context, &request, Provider::Google, &query).await
}

/// Goes to Apple to sign in
#[utoipa::path(tag = "sign-in", params(OauthStartQuery), responses((status = 303, description = "To Apple")))]
#[get("/v1/auth/apple/start")]
pub(crate) async fn start_apple_login(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    query: web::Query<OauthStartQuery>,
) -> Result<HttpResponse, Problem> {
    start(&server, &context, &request, Provider::Apple, &query).await
}

/// Comes back from Google
#[utoipa::path(
    tag = "sign-in",
    params(OauthCallbackQuery),
    responses((status = 303, description = "To where the trip began, or to `/sign-in?error=<code>`"))
)]
#[get("/v1/auth/google/callback")]
pub(crate) async fn finish_google_login(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    query: web::Query<OauthCallbackQuery>,
) -> HttpResponse {
    let returned = Returned {
        state: query.state.as_deref(),
        code: query.code.as_deref(),
        error: query.error.as_deref(),
        user: None,
    };
    finish(&server, &context, &request, Provider::Google, &returned).await
}

/// Comes back from Apple, by a cross-site form post
#[utoipa::path(
    tag = "sign-in",
    request_body(content = AppleCallbackForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "To where the trip began, or to `/sign-in?error=<code>`"))
)]
#[post("/v1/auth/apple/callback")]
pub(crate) async fn finish_apple_login(
    server: Server,
    Context(context): Context,
    request: HttpRequest,
    form: FormBody,
) -> HttpResponse {
    let returned = Returned {
        state: form.get("state"),
        code: form.get("code"),
        error: form.get("error"),
        user: form.get("user"),
    };
    finish(&server, &context, &request, Provider::Apple, &returned).await
}

const fn flow_of(provider: Provider) -> Flow {
    match provider {
        Provider::Google => Flow::Google,
        Provider::Apple => Flow::Apple,
    }
}

async fn start(
    server: &Edge,
    context: &RequestContext,
    request: &HttpRequest,
    provider: Provider,
    query: &OauthStartQuery,
) -> Result<HttpResponse, Problem> {
    let headers = request.headers();
    let link = if query.link == Some(true) {
        let Some(PresentSession { caller: Some(caller), by_cookie, .. }) =
            present_session(server, headers).await?
        else {
            return Err(Error::new(Code::Unauthenticated, "Sign in before you link an account.").into());
        };
        // Otherwise a page elsewhere could link an account of its own to whoever follows its link.
        if by_cookie {
            csrf::require_own_link(&server.origins, headers)?;
        }
        Some(caller)
    } else {
        None
    };
    let browser = Browser::begin(server, context, headers, flow_of(provider));
    let target = oauth::start(
        &server.app,
        context,
        provider,
        query.return_to.as_deref(),
        link.as_ref(),
        browser.secret(),
    )
    .await?;
    let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, target.as_str())).finish();
    browser.keep(&mut response);
    Ok(response)
}

/// What a provider sent along.
struct Returned<'a> {
    state: Option<&'a str>,
    code: Option<&'a str>,
    error: Option<&'a str>,
    user: Option<&'a str>,
}

async fn finish(
    server: &Edge,
    context: &RequestContext,
    request: &HttpRequest,
    provider: Provider,
    returned: &Returned<'_>,
) -> HttpResponse {
    let flow = flow_of(provider);
    let outcome = exchange(server, context, request, provider, returned).await;
    let mut response = match &outcome {
        Ok(finished) => redirect(server, request, &finished.return_to),
        Err(error) => {
            count_sign_in_failure(callback_route(provider), error.code);
            problem::log_if_ours(error, callback_route(provider));
            redirect(server, request, &format!("/sign-in?error={}", error.code.as_str()))
        }
    };
    // Only a trip that really came back: anybody may send a browser to this address, and other tabs may still be under way.
    if outcome.is_ok() {
        browser::forget(server, request.headers(), flow, &mut response);
    }
    let answer = response.headers_mut();
    if let Ok(finished) = outcome
        && let Some(session) = &finished.signed_in
    {
        for cookie in session_cookies(server, session) {
            answer.append(header::SET_COOKIE, cookie);
        }
    }
    response
}

async fn exchange(
    server: &Edge,
    context: &RequestContext,
    request: &HttpRequest,
    provider: Provider,
    returned: &Returned<'_>,
) -> Result<OauthFinished, Error> {
    let headers = request.headers();
    let browser = browser::secrets(server, context, headers, flow_of(provider));
    let present = present_session(server, headers).await?;
    let (replaces, caller) = present.map_or((None, None), |present| (Some(present.id), present.caller));
    let code = returned.code.ok_or(returned.error.unwrap_or("no code"));
    oauth::finish(
        &server.app,
        context,
        provider,
        replaces,
        caller.as_ref(),
        returned.state.unwrap_or_default(),
        code,
        returned.user,
        browser.as_slice(),
    )
    .await
}

const fn callback_route(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "/v1/auth/google/callback",
        Provider::Apple => "/v1/auth/apple/callback",
    }
}

/// To a path of the studio.
fn redirect(server: &Edge, request: &HttpRequest, path: &str) -> HttpResponse {
    let public_url = &server.app.settings.public_url;
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let spoofed = format!("http://{host}/").parse().ok().filter(|_| sabotage::is_off(Guard::ConfiguredLinks));
    let public_url = spoofed.as_ref().unwrap_or(public_url);
    let target = public_url.join(path).ok().filter(|target| target.origin() == public_url.origin());
    let target = target.as_ref().unwrap_or(public_url);
    HttpResponse::SeeOther().insert_header((header::LOCATION, target.as_str())).finish()
}
