//! Signing in with Google or Apple: the trip to the provider and back (OIDC authorization code with PKCE).
//!
//! A trip is bound to one browser and one provider, comes back once and within ten minutes. Of what the browser brings back only
//! `state` and `code` count; who it is, the provider says itself. No transaction is open while it is asked.

mod read;

use std::sync::Arc;

use mainstay_model::{
    IdentityId, MemberId, OAuthFlowId, SessionId,
    audit::Actor,
    identity::{OAuthFlow, Provider},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use self::read::{DENIED_BY_MEMBER, denial, local_path, posted_name};
use super::{
    FlowSecrets,
    attempt::{self, Stop, Unit},
    linking::{self, Proof},
    mail_texts::Message,
    ways::{self, Way},
};
use crate::{
    App, Caller, Capability, Code, Error, RequestContext, Result,
    crypto::{self, Purpose},
    limits,
    ports::{IdentityProvider, ProviderError},
    sabotage::{self, Guard},
    sessions::SignedIn,
};

/// A finished trip.
#[derive(Clone, Debug)]
pub struct OauthFinished {
    /// The new session; none when an identity was added to a signed-in member.
    pub signed_in: Option<SignedIn>,
    /// Path in the studio to go on to; starts with one `/`.
    pub return_to: String,
}

/// What nobody else may read of a trip.
#[derive(Serialize, Deserialize)]
struct Luggage {
    /// PKCE verifier (RFC 7636).
    verifier: String,
    /// The session that adds an identity. It must live until the return: the cookies that would show it don't travel with a
    /// cross-site form post.
    session_id: Option<SessionId>,
}

/// Starts a trip and answers where to send the browser. With `link` it adds the account to that member.
///
/// # Errors
/// [`Code::CapabilityUnavailable`]; [`Code::RecentSignInRequired`] with `link`.
pub async fn start(
    app: &App,
    ctx: &RequestContext,
    provider: Provider,
    return_to: Option<&str>,
    link: Option<&Caller>,
    browser: &[u8; 32],
) -> Result<Url> {
    let port = port(app, provider)?;
    let now = app.now();
    if let Some(caller) = link {
        caller.require_recent(now)?;
    }
    let random = &*app.ports.random;
    let (state, nonce) = (crypto::encode(&random.secret()), crypto::encode(&random.secret()));
    let verifier = crypto::encode(&random.secret());
    let challenge = crypto::encode(&crypto::sha256(verifier.as_bytes()));
    let luggage = Luggage { verifier, session_id: link.map(|caller| caller.session_id) };
    let luggage = serde_json::to_vec(&luggage).map_err(Error::internal)?;
    let flow = OAuthFlow {
        id: OAuthFlowId::new(app.new_uuid()),
        state_hash: crypto::sha256(state.as_bytes()),
        browser_hash: crypto::sha256(browser),
        provider,
        nonce,
        sealed_verifier: app.sealer.seal(random, Purpose::PkceVerifier, &luggage),
        return_to: local_path(return_to).to_owned(),
        link_member_id: link.map(|caller| caller.member_id),
        created_at: now,
        expires_at: now + limits::OAUTH_FLOW_TTL,
    };
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        unit.tx().insert_oauth_flow(&flow).await?;
        unit.commit().await
    })
    .await?;
    Ok(port.authorize_url(&state, &flow.nonce, &challenge))
}

/// Finishes a trip: signs in, or adds the account to the member who started it. `code` is the provider's code, or the error
/// that it sent instead; `user` is the JSON that Apple posts beside its first answer.
///
/// # Errors
/// [`Code::OauthStateRefused`], [`Code::IdTokenRefused`], [`Code::AccountExists`], [`Code::IdentityTaken`],
/// [`Code::InvalidCredentials`] for a barred member, [`Code::SessionEnded`] when the member who links signed out meanwhile,
/// [`Code::DependencyUnavailable`].
#[allow(clippy::too_many_arguments)]
pub async fn finish(
    app: &App,
    ctx: &RequestContext,
    provider: Provider,
    replaces: Option<SessionId>,
    caller: Option<&Caller>,
    state: &str,
    code: Result<&str, &str>,
    user: Option<&str>,
    browser: impl Into<FlowSecrets<'_>>,
) -> Result<OauthFinished> {
    let port = port(app, provider)?;
    let method = provider.as_str();
    let browser = browser.into();
    let flow = app
        .retrying(|| async {
            let mut unit = Unit::begin(app, ctx).await?;
            let outcome = take(&mut unit, provider, &*port, caller, state, browser).await;
            unit.settle(method, outcome).await
        })
        .await??;
    let luggage = app.sealer.open(Purpose::PkceVerifier, &flow.sealed_verifier).map_err(Error::internal)?;
    let luggage: Luggage = serde_json::from_slice(&luggage).map_err(Error::internal)?;

    let code = match code {
        Ok(code) => code,
        Err(word) => return Err(attempt::refuse(app, ctx, method, denial(word), denied(word)).await),
    };
    let name = user.filter(|_| provider == Provider::Apple).and_then(posted_name);
    let account = port.exchange(code, &luggage.verifier, &flow.nonce).await;
    let proof = match account.and_then(|account| Proof::new(app, provider, account, name.as_deref())) {
        Ok(proof) => proof,
        Err(error) => return Err(provider_error(app, ctx, method, error).await),
    };
    let linker = flow.link_member_id.zip(luggage.session_id);
    let signed_in = app
        .retrying(|| async {
            let mut unit = Unit::begin(app, ctx).await?;
            let outcome = arrive(&mut unit, provider, &proof, linker, replaces).await;
            unit.settle(method, outcome).await
        })
        .await??;
    Ok(OauthFinished { signed_in, return_to: flow.return_to })
}

/// What has to be on for members to come in by a provider.
pub(super) const fn capability(provider: Provider) -> Capability {
    match provider {
        Provider::Google => Capability::GoogleOauth,
        Provider::Apple => Capability::AppleOauth,
    }
}

/// The configured provider.
pub(super) fn port(app: &App, provider: Provider) -> Result<Arc<dyn IdentityProvider>> {
    let capability = capability(provider);
    app.capabilities.require(capability)?;
    app.ports.identity_providers.get(&provider).cloned().ok_or_else(|| {
        let reason = format!("{provider} is not configured.");
        let mut error = Error::new(Code::CapabilityUnavailable, reason.clone());
        error.capability = Some(Box::new((capability, reason.into())));
        error
    })
}

/// Takes the trip that belongs to a state. Taken is taken, also when it is refused.
async fn take(
    unit: &mut Unit<'_>,
    provider: Provider,
    port: &dyn IdentityProvider,
    caller: Option<&Caller>,
    state: &str,
    browser: FlowSecrets<'_>,
) -> Result<OAuthFlow, Stop> {
    let refused = |reason| {
        let detail =
            "This sign-in was not started in this browser, was used before, or ran out. Start again.";
        Stop::refused(reason, Error::new(Code::OauthStateRefused, detail).because(reason))
    };
    let Some(flow) = unit.tx().take_oauth_flow(&crypto::sha256(state.as_bytes())).await? else {
        return Err(refused("state_unknown"));
    };
    if flow.provider != provider {
        return Err(refused("state_of_other_provider"));
    }
    if !browser.include(&flow.browser_hash) && !sabotage::is_off(Guard::OauthState) {
        return Err(refused("state_of_other_browser"));
    }
    if unit.app.now() >= flow.expires_at {
        return Err(refused("state_expired"));
    }
    if let Some(member_id) = flow.link_member_id {
        // Cookies come back with a redirect, but not with a cross-site form post; then the session is looked up at the end.
        let same = caller.map_or(port.answers_by_form_post(), |caller| caller.member_id == member_id);
        if !same {
            return Err(refused("state_of_other_member"));
        }
    }
    Ok(flow)
}

async fn arrive(
    unit: &mut Unit<'_>,
    provider: Provider,
    proof: &Proof,
    linker: Option<(MemberId, SessionId)>,
    replaces: Option<SessionId>,
) -> Result<Option<SignedIn>, Stop> {
    if let Some((member_id, session_id)) = linker {
        let member = unit.lock_signed_in(member_id, session_id).await?;
        linking::link(unit, &member, proof).await?;
        return Ok(None);
    }
    let member = linking::sign_in(unit, proof).await?;
    Ok(Some(unit.open(&member, linking::method(provider), replaces).await?))
}

/// Unlinks a provider's account.
///
/// # Errors
/// [`Code::NotFound`], [`Code::RecentSignInRequired`], [`Code::LastWayIn`].
pub async fn remove_identity(app: &App, ctx: &RequestContext, caller: &Caller, id: IdentityId) -> Result<()> {
    caller.require_recent(app.now())?;
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let member = unit.lock_caller(caller).await?;
        let identities = unit.tx().identities_of_member(member.id).await?;
        let identity = identities.iter().find(|identity| identity.id == id).ok_or_else(Error::not_found)?;
        ways::require_another(&mut unit, &member, Way::Identity(identity.provider)).await?;
        unit.tx().delete_identity(member.id, id).await?;
        linking::revoke_later(&mut unit, identity);
        let detail = json!({ "provider": identity.provider, "identity": id });
        unit.note("identity.unlinked", &Actor::Member(member.id), &member, detail);
        unit.notify(&member, Message::ProviderRemoved(identity.provider));
        unit.commit().await
    })
    .await
}

/// What a provider's refusal or absence means to the caller.
pub(super) async fn provider_error(
    app: &App,
    ctx: &RequestContext,
    method: &'static str,
    error: ProviderError,
) -> Error {
    match error {
        ProviderError::Refused(_) => {
            attempt::refuse(app, ctx, method, "id_token", not_confirmed().because(error)).await
        }
        ProviderError::Unavailable(_) => {
            metrics::counter!("mainstay_sign_in_failures_total", "method" => method, "reason" => "provider_away")
                .increment(1);
            Error::unavailable("identity provider", error)
        }
    }
}

/// What the studio tells: that the person changed their mind is no fault.
fn denied(word: &str) -> Error {
    if denial(word) == DENIED_BY_MEMBER {
        return Error::new(Code::AccessDenied, "The sign-in was cancelled at the provider.");
    }
    not_confirmed()
}

fn not_confirmed() -> Error {
    Error::new(Code::IdTokenRefused, "The provider did not confirm who you are. Start again.")
}
