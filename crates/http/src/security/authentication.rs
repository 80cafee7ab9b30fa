//! Who asks: a bearer token or a session cookie, never both, checked against what the route demands.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use mainstay_model::{MemberId, SessionId, member::Role, service_key::ServiceKey};
use mainstay_services::{
    App, Caller, Code, Error, Result,
    sabotage::{self, Guard},
    service_keys, sessions,
};

use uuid::Uuid;

use crate::{
    access::Access,
    cookies::{CookieNames, cookie},
};

/// What a request presents. A bearer token makes cookies count for nothing, so that no request is two people's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented<'a> {
    Nothing,
    Bearer(&'a str),
    AccessCookie(&'a str),
    /// A session whose access cookie has run out.
    OnlyRefreshCookie,
}

impl Presented<'_> {
    /// Whether a browser attached it by itself.
    pub(crate) const fn is_cookie(self) -> bool {
        matches!(self, Self::AccessCookie(_) | Self::OnlyRefreshCookie)
    }
}

/// Who was found to ask.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    Anonymous,
    Member { caller: Caller, by_cookie: bool },
    Service(Arc<ServiceKey>),
}

impl Identity {
    pub(crate) const fn member_id(&self) -> Option<MemberId> {
        match self {
            Self::Member { caller, .. } => Some(caller.member_id),
            Self::Anonymous | Self::Service(_) => None,
        }
    }
}

/// Reads what a request presents.
pub(crate) fn presented<'a>(headers: &'a HeaderMap, names: &CookieNames) -> Presented<'a> {
    if let Some(token) = bearer_token(headers) {
        return Presented::Bearer(token);
    }
    match cookie(headers, names.access) {
        Some(token) => Presented::AccessCookie(token),
        None if cookie(headers, names.refresh).is_some() => Presented::OnlyRefreshCookie,
        None => Presented::Nothing,
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750, 2.1). Other schemes are none of ours.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Finds out who asks, and refuses whom the route does not admit.
pub(crate) async fn authenticate(app: &App, access: Access, presented: Presented<'_>) -> Result<Identity> {
    match access {
        // These look at what they need by themselves: a token of a flow, a refresh token, or nothing at all.
        Access::Public
        | Access::SignIn
        | Access::Session
        | Access::FlowBound
        | Access::Webhook
        | Access::MetricsToken => Ok(Identity::Anonymous),
        Access::Anyone => match presented {
            Presented::Nothing => Ok(Identity::Anonymous),
            _ => member(app, presented).await,
        },
        Access::Member | Access::TenantRole(_) => member(app, presented).await,
        Access::RecentMember => {
            let identity = member(app, presented).await?;
            if let Identity::Member { caller, .. } = &identity {
                caller.require_recent(app.now())?;
            }
            Ok(identity)
        }
        Access::Operator => {
            let identity = member(app, presented).await?;
            if let Identity::Member { caller, .. } = &identity {
                caller.require_operator()?;
            }
            Ok(identity)
        }
        Access::Service(scope) => match presented {
            Presented::Bearer(key) => {
                service_keys::authenticate(app, key, scope).await.map(Identity::Service)
            }
            _ => Err(Error::new(Code::Unauthenticated, "A service key is needed here, as a bearer token.")),
        },
    }
}

async fn member(app: &App, presented: Presented<'_>) -> Result<Identity> {
    let (token, by_cookie) = match presented {
        Presented::Bearer(token) => (token, false),
        Presented::AccessCookie(token) => (token, true),
        Presented::Nothing if sabotage::is_off(Guard::AccessTable) => return Ok(nobody(app)),
        Presented::Nothing | Presented::OnlyRefreshCookie => {
            return Err(Error::new(
                Code::Unauthenticated,
                "Nobody is signed in, or the session needs a refresh.",
            ));
        }
    };
    let caller = sessions::authenticate(app, token).await?;
    Ok(Identity::Member { caller, by_cookie })
}

/// A caller that no session stands behind: what a table without its guard lets in.
fn nobody(app: &App) -> Identity {
    let caller = Caller {
        member_id: MemberId::new(Uuid::nil()),
        session_id: SessionId::new(Uuid::nil()),
        role: Role::Member,
        signed_in_at: app.now(),
    };
    Identity::Member { caller, by_cookie: false }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_token_makes_cookies_count_for_nothing() {
        let names = CookieNames::new(false);
        let mut headers = HeaderMap::new();
        assert_eq!(presented(&headers, &names), Presented::Nothing);
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; mainstay_refresh=r"));
        assert_eq!(presented(&headers, &names), Presented::OnlyRefreshCookie);
        headers.insert(header::COOKIE, HeaderValue::from_static("mainstay_access=t; mainstay_refresh=r"));
        assert_eq!(presented(&headers, &names), Presented::AccessCookie("t"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
        assert_eq!(presented(&headers, &names), Presented::AccessCookie("t"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(presented(&headers, &names), Presented::Bearer("abc"));
    }
}
