//! Answers that carry a session: in cookies for browsers, in the body for clients that asked for bearer tokens. Never both.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{
    StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use mainstay_model::{SessionId, Timestamp, session::Posture};
use mainstay_services::{
    Caller, Error, RequestContext,
    identity::{known_browser, ways},
    limits::KNOWN_BROWSER_TTL,
    sessions::{self, Refreshed, SignedIn},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    cookies::{CookieNames, cookie, cookies_named},
    problem::Problem,
    routes::me::me_view,
    security::{
        authentication::{Presented, presented},
        limits::REFRESH_COOKIES_MAX,
    },
    state::Edge,
    views::sign_in::{RefreshedView, SignedInView, WaysInView},
};

/// The tokens of a session on their way to the client.
struct Tokens<'a> {
    session_id: SessionId,
    access: &'a str,
    access_expires_at: Timestamp,
    refresh: &'a SecretString,
    refresh_expires_at: Timestamp,
}

impl Tokens<'_> {
    fn expires_in(&self, now: Timestamp) -> Duration {
        self.access_expires_at.since(now)
    }

    fn cookies(&self, names: &CookieNames, now: Timestamp) -> [HeaderValue; 3] {
        let refresh_life = self.refresh_expires_at.since(now);
        [
            names.set_access(self.access, self.expires_in(now)),
            names.set_refresh(self.refresh.expose_secret(), refresh_life),
            names.set_session(self.session_id, refresh_life),
        ]
    }
}

fn tokens_of(signed_in: &SignedIn) -> Tokens<'_> {
    Tokens {
        session_id: signed_in.session.id,
        access: &signed_in.access_token,
        access_expires_at: signed_in.access_expires_at,
        refresh: &signed_in.refresh_token,
        refresh_expires_at: signed_in.refresh_expires_at,
    }
}

/// The cookies of a new session, and the mark of a browser that signed in to this address.
pub(crate) fn session_cookies(server: &Edge, signed_in: &SignedIn) -> impl Iterator<Item = HeaderValue> {
    let known = signed_in.member.verified_email().map(|address| {
        let mark = known_browser::mark(&server.app, address);
        server.cookies.set_known(&mark, KNOWN_BROWSER_TTL)
    });
    tokens_of(signed_in).cookies(&server.cookies, server.app.now()).into_iter().chain(known)
}

/// What a client is told about its new session.
pub(crate) async fn view(
    server: &Edge,
    context: &RequestContext,
    signed_in: &SignedIn,
) -> Result<SignedInView, Problem> {
    let caller = caller_of(signed_in);
    let by_bearer = context.posture == Posture::Bearer;
    let tokens = tokens_of(signed_in);
    Ok(SignedInView {
        member: me_view(&server.app, &caller, !by_bearer).await?,
        csrf_token: sessions::csrf_token(&server.app, signed_in.session.id),
        access_expires_at: tokens.access_expires_at,
        access_token: by_bearer.then(|| tokens.access.to_owned()),
        token_type: by_bearer.then_some("Bearer"),
        expires_in: by_bearer.then(|| tokens.expires_in(server.app.now()).as_secs()),
        refresh_token: by_bearer.then(|| tokens.refresh.expose_secret().to_owned()),
        ways_in: None,
    })
}

fn caller_of(signed_in: &SignedIn) -> Caller {
    Caller {
        member_id: signed_in.member.id,
        session_id: signed_in.session.id,
        role: signed_in.member.role,
        signed_in_at: signed_in.session.signed_in_at,
    }
}

/// The whole answer to a sign-in by a mailed code, which may be somebody's return to an account that others got into meanwhile.
pub(crate) async fn answer_to_code(
    server: &Edge,
    context: &RequestContext,
    signed_in: &SignedIn,
) -> Result<HttpResponse, Problem> {
    let mut body = view(server, context, signed_in).await?;
    let ways = ways::list(&server.app, &caller_of(signed_in)).await?;
    body.ways_in = Some(WaysInView::new(ways, signed_in.session.id));
    let mut response = HttpResponse::Ok().json(body);
    keep(server, context, signed_in, &mut response);
    Ok(response)
}

/// The whole answer to a sign-in.
pub(crate) async fn answer(
    server: &Edge,
    context: &RequestContext,
    signed_in: &SignedIn,
) -> Result<HttpResponse, Problem> {
    let body = view(server, context, signed_in).await?;
    let mut response = HttpResponse::build(StatusCode::OK).json(body);
    keep(server, context, signed_in, &mut response);
    Ok(response)
}

/// Puts the session's cookies on an answer, for browsers.
pub(crate) fn keep(
    server: &Edge,
    context: &RequestContext,
    signed_in: &SignedIn,
    response: &mut HttpResponse,
) {
    if context.posture == Posture::Browser {
        for cookie in session_cookies(server, signed_in) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

/// The answer to a refresh, the way the token came.
pub(crate) fn refreshed(server: &Edge, refreshed: &Refreshed, posture: Posture) -> HttpResponse {
    let now = server.app.now();
    let by_bearer = posture == Posture::Bearer;
    let tokens = Tokens {
        session_id: refreshed.session_id,
        access: &refreshed.access_token,
        access_expires_at: refreshed.access_expires_at,
        refresh: &refreshed.refresh_token,
        refresh_expires_at: refreshed.refresh_expires_at,
    };
    let mut response = HttpResponse::Ok().json(RefreshedView {
        csrf_token: sessions::csrf_token(&server.app, refreshed.session_id),
        access_expires_at: tokens.access_expires_at,
        access_token: by_bearer.then(|| tokens.access.to_owned()),
        token_type: by_bearer.then_some("Bearer"),
        expires_in: by_bearer.then(|| tokens.expires_in(now).as_secs()),
        refresh_token: by_bearer.then(|| tokens.refresh.expose_secret().to_owned()),
    });
    if !by_bearer {
        for cookie in tokens.cookies(&server.cookies, now) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The session that a request presents, live or at least refreshable; none when it presents none that is any good. Whoever calls
/// this for an unsafe request has had its origin checked by the edge.
///
/// # Errors
/// Only failures of ours: that a session could not be looked up must not look like its absence.
pub(crate) async fn present_session(
    server: &Edge,
    headers: &HeaderMap,
) -> Result<Option<PresentSession>, Error> {
    let presented = presented(headers, &server.cookies);
    let by_cookie = presented.is_cookie();
    if let Presented::Bearer(token) | Presented::AccessCookie(token) = presented
        && let Some(caller) = unless_ours(sessions::authenticate(&server.app, token).await)?
    {
        return Ok(Some(PresentSession { id: caller.session_id, caller: Some(caller), by_cookie }));
    }
    if matches!(presented, Presented::Bearer(_)) {
        return Ok(None);
    }
    let found = unless_ours(refresh_cookie(server, headers).await)?.flatten();
    Ok(found.map(|(_, id)| PresentSession { id, caller: None, by_cookie }))
}

/// The refresh token of the session that the browser is in, and that session. A sister site can plant refresh cookies, with a
/// path by which they come first, but not the cookie that names the session; what does not belong to that one counts for nothing.
///
/// # Errors
/// Why the tokens were refused when none is of the session; failures of ours.
pub(crate) async fn refresh_cookie<'a>(
    server: &'a Edge,
    headers: &'a HeaderMap,
) -> Result<Option<(&'a str, SessionId)>, Error> {
    let Some(session_id) = cookie(headers, server.cookies.session).and_then(|text| text.parse().ok()) else {
        return Ok(None);
    };
    let mut refusal = None;
    for token in cookies_named(headers, server.cookies.refresh).take(REFRESH_COOKIES_MAX) {
        match sessions::session_of_refresh_token(&server.app, token).await {
            Ok(id) if id == session_id => return Ok(Some((token, id))),
            Ok(_) => {}
            Err(error) if error.is_ours() => return Err(error),
            Err(error) => refusal = Some(error),
        }
    }
    refusal.map_or(Ok(None), Err)
}

/// What a use case answered, or nothing when it refused.
pub(crate) fn unless_ours<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_ours() => Err(error),
        Err(_) => Ok(None),
    }
}

/// A session that a request presents.
pub(crate) struct PresentSession {
    pub(crate) id: SessionId,
    /// Who, if the access token is still good.
    pub(crate) caller: Option<Caller>,
    pub(crate) by_cookie: bool,
}

/// The session that a new one takes the place of.
///
/// # Errors
/// Only failures of ours.
pub(crate) async fn replaced(server: &Edge, headers: &HeaderMap) -> Result<Option<SessionId>, Error> {
    Ok(present_session(server, headers).await?.map(|present| present.id))
}
