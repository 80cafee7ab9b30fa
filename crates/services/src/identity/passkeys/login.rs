//! Signing in with a passkey that the authenticator itself finds (discoverable credentials, conditional UI).

use mainstay_model::{CeremonyId, SessionId, audit::Actor, ceremony::CeremonyKind, session::SignInMethod};
use serde_json::{Value, json};
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential};

use super::{super::FlowSecrets, LoginStarted, METHOD, ceremony, take, verify};
use crate::{
    App, Capability, Error, RequestContext, Result,
    identity::attempt::{Stop, Unit},
    limits,
    sessions::SignedIn,
};

/// Starts a sign-in. It asks for no account, so it tells nothing about any.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`].
pub async fn login_start(app: &App, ctx: &RequestContext, browser: &[u8; 32]) -> Result<LoginStarted> {
    app.capabilities.require(Capability::Passkey)?;
    let (options, state) =
        app.identity.webauthn()?.start_discoverable_authentication().map_err(Error::internal)?;
    let options = verify::to_value(&options.public_key)?;
    let ceremony = ceremony(app, CeremonyKind::SignIn, None, browser, verify::to_value(&state)?);
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        unit.tx().insert_ceremony(&ceremony).await?;
        unit.commit().await
    })
    .await?;
    Ok(LoginStarted { ceremony_id: ceremony.id, options, expires_in: limits::CEREMONY_TTL })
}

/// Finishes a sign-in.
///
/// # Errors
/// [`crate::Code::CeremonyRefused`] for anything wrong with ceremony, browser, credential or signature;
/// [`crate::Code::InvalidCredentials`] for a barred member; [`crate::Code::ValidationFailed`] for a malformed credential.
pub async fn login_finish(
    app: &App,
    ctx: &RequestContext,
    replaces: Option<SessionId>,
    ceremony_id: CeremonyId,
    credential: Value,
    browser: impl Into<FlowSecrets<'_>>,
) -> Result<SignedIn> {
    app.capabilities.require(Capability::Passkey)?;
    let response: PublicKeyCredential = verify::parse(credential)?;
    let browser = browser.into();
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let outcome = finish(&mut unit, replaces, ceremony_id, &response, browser).await;
        unit.settle(METHOD, outcome).await
    })
    .await?
}

async fn finish(
    unit: &mut Unit<'_>,
    replaces: Option<SessionId>,
    ceremony_id: CeremonyId,
    response: &PublicKeyCredential,
    browser: FlowSecrets<'_>,
) -> Result<SignedIn, Stop> {
    let app = unit.app;
    let now = app.now();
    let ceremony = take(unit, ceremony_id, &[CeremonyKind::SignIn], None, browser, now).await?;
    let state: DiscoverableAuthentication =
        serde_json::from_value(ceremony.state).map_err(Error::internal)?;

    // Who it is comes from the user handle; whose the credential is, from the database; both must agree (WebAuthn, 7.2 step 6).
    let handle = response.get_user_unique_id().and_then(|handle| <&[u8; 32]>::try_from(handle).ok());
    let Some(handle) = handle else { return Err(verify::refused("user_handle")) };
    let Some(member) = unit.tx().member_by_user_handle(handle).await? else {
        return Err(verify::refused("unknown_member"));
    };
    // The member before the passkey, as everywhere: two orders of locks would be a deadlock.
    let Some(member) = unit.tx().lock_member(member.id).await? else {
        return Err(verify::refused("unknown_member"));
    };
    let passkey = unit.tx().lock_passkey_by_credential_id(response.get_credential_id()).await?;
    let Some(passkey) = passkey.filter(|passkey| passkey.member_id == member.id) else {
        return Err(verify::refused("unknown_credential").of(&member));
    };

    let verified = verify::assertion(app.identity.webauthn()?, state, response, &passkey.credential);
    if let Err(Stop::Refused(refusal)) = &verified
        && refusal.reason == verify::COUNTER
    {
        // The signature was right, so a second copy of the private key may exist. Refused, and somebody should look.
        unit.note("passkey.counter_regressed", &Actor::Anonymous, &member, json!({ "passkey": passkey.id }));
        metrics::counter!("mainstay_passkey_counter_regressions_total").increment(1);
    }
    let verified = verified.map_err(|stop| stop.of(&member))?;
    unit.tx().touch_passkey(passkey.id, &verified.credential, verified.backed_up, now).await?;
    unit.open(&member, SignInMethod::Passkey, replaces).await
}
