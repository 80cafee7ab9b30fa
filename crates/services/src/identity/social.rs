//! The legacy sign-in with a provider's ID token that a client obtained itself, behind a switch that is off by default.
//!
//! Such a token carries no nonce of ours, so the only defence against a stolen one is that each works once and only while young.

use std::time::Duration;

use mainstay_model::{SessionId, identity::Provider};

use super::{
    attempt::{Stop, Unit},
    linking::{self, Proof},
    oauth,
};
use crate::{
    App, Capability, Code, Error, RequestContext, Result, crypto, ports::ExpectedNonce, sessions::SignedIn,
};

/// A spent token is remembered for so long: well beyond the five minutes for which providers' adapters accept one.
const SPENT_KEPT: Duration = Duration::from_secs(30 * 60);
/// An ID token, in bytes. Providers' tokens have about one KiB.
const ID_TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Signs in with an ID token. Each token is good once.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], [`Code::IdTokenRefused`], [`Code::AccountExists`], [`Code::InvalidCredentials`] for a barred
/// member, [`Code::DependencyUnavailable`].
pub async fn login(
    app: &App,
    ctx: &RequestContext,
    replaces: Option<SessionId>,
    provider: Provider,
    id_token: &str,
) -> Result<SignedIn> {
    app.capabilities.require(Capability::SocialLogin)?;
    let port = oauth::port(app, provider)?;
    let method = provider.as_str();
    if id_token.len() > ID_TOKEN_BYTES_MAX {
        return Err(Error::field("id_token", "too_long", "is too long for an ID token"));
    }
    let account = port.verify_id_token(id_token, ExpectedNonce::NoneOfOurs).await;
    let proof = match account.and_then(|account| Proof::new(app, provider, account, None)) {
        Ok(proof) => proof,
        Err(error) => return Err(oauth::provider_error(app, ctx, method, error).await),
    };
    let hash = crypto::sha256(signed_part(id_token).as_bytes());
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let outcome = spend(&mut unit, &hash, provider, &proof, replaces).await;
        unit.settle(method, outcome).await
    })
    .await?
}

async fn spend(
    unit: &mut Unit<'_>,
    hash: &[u8; 32],
    provider: Provider,
    proof: &Proof,
    replaces: Option<SessionId>,
) -> Result<SignedIn, Stop> {
    let until = unit.app.now() + SPENT_KEPT;
    if !unit.tx().spend_once(hash, until).await? {
        let detail = "This token was used before. Get a new one from the provider.";
        return Err(Stop::refused("token_spent", Error::new(Code::IdTokenRefused, detail)));
    }
    let member = linking::sign_in(unit, proof).await?;
    unit.open(&member, linking::method(provider), replaces).await
}

/// A token without its signature: a signature may have more than one spelling, what is signed has one.
fn signed_part(token: &str) -> &str {
    token.rsplit_once('.').map_or(token, |(signed, _)| signed)
}
