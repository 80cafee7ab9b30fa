//! The automated tests' own way in. Never in production, and only for whoever knows the shared header.

use mainstay_model::{
    Language, MemberId, SessionId,
    member::{Member, Role},
    session::SignInMethod,
    text,
};
use mainstay_store::MemberInserted;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    attempt::{self, Stop, Unit, raced},
    linking,
};
use crate::{
    App, Capability, Code, Error, RequestContext, Result, crypto, limits,
    sabotage::{self, Guard},
    sessions::{self, SignedIn},
    settings::Environment,
};

/// As the trail and the metrics name this way in.
const METHOD: &str = "test";

/// Signs a named test identity in: the same member each time and, with a seed, the same token values. Only here may a caller
/// name a role.
///
/// # Errors
/// [`Code::CapabilityUnavailable`] in production or while test mode is off, whatever the header says; [`Code::Forbidden`] for a
/// missing or wrong header; [`Code::ValidationFailed`].
pub async fn login(
    app: &App,
    ctx: &RequestContext,
    replaces: Option<SessionId>,
    presented_header: Option<&str>,
    identity: &str,
    seed: Option<&str>,
    role: Option<Role>,
) -> Result<SignedIn> {
    let secret = match open_door(app) {
        Ok(secret) => secret,
        Err(error) => return Err(attempt::refuse(app, ctx, METHOD, "switched_off", error).await),
    };
    // Hashes of both, so that not even the length shows.
    let presented = crypto::sha256(presented_header.unwrap_or_default().as_bytes());
    let is_right =
        presented_header.is_some() && crypto::equal(&presented, &crypto::sha256(secret.as_bytes()));
    if !is_right && !sabotage::is_off(Guard::TestSignInHeader) {
        let error = Error::new(Code::Forbidden, "The test header is missing or wrong.");
        return Err(attempt::refuse(app, ctx, METHOD, "header", error).await);
    }
    let name = text::required_label(identity, limits::LABEL_CHARS_MAX)
        .map_err(|fault| Error::field("identity", "invalid", fault.to_string()))?;
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let outcome = enter(&mut unit, &name, seed, role, replaces).await;
        unit.settle(METHOD, outcome).await
    })
    .await?
}

/// The shared header, if this deployment has the door at all. Production never has, however it was configured.
fn open_door(app: &App) -> Result<&str> {
    if sabotage::is_off(Guard::TestMode) {
        return Ok(METHOD);
    }
    if app.settings.environment == Environment::Prod {
        let reason = "It never exists in production.";
        let mut error =
            Error::new(Code::CapabilityUnavailable, format!("test_login is not available here: {reason}"));
        error.capability = Some(Box::new((Capability::TestLogin, reason.into())));
        return Err(error);
    }
    app.capabilities.require(Capability::TestLogin)?;
    app.settings
        .test_auth
        .as_ref()
        .map(ExposeSecret::expose_secret)
        .filter(|secret| !secret.is_empty())
        .ok_or_else(|| {
            Error::new(Code::CapabilityUnavailable, "test_login is not available here: test mode is off.")
        })
}

async fn enter(
    unit: &mut Unit<'_>,
    name: &str,
    seed: Option<&str>,
    role: Option<Role>,
    replaces: Option<SessionId>,
) -> Result<SignedIn, Stop> {
    let app = unit.app;
    let mut member = member(unit, name).await?;
    if let Some(role) = role.filter(|role| *role != member.role) {
        member.role = role;
        linking::update(unit, &mut member, app.now()).await?;
        unit.note(
            "member.role_set_by_test",
            &mainstay_model::audit::Actor::System,
            &member,
            json!({ "role": role }),
        );
    }
    let Some(seed) = seed else {
        return unit.open(&member, SignInMethod::Test, replaces).await;
    };
    unit.admit(&member)?;
    let ctx = unit.ctx;
    let signed_in = sessions::open_seeded(app, unit.tx(), ctx, &member, seed, replaces).await?;
    unit.signed_in(&signed_in);
    // Some node may still know an earlier session of the same seed, and with it of the same id.
    unit.ended([signed_in.session.id]);
    Ok(signed_in)
}

/// The member of a test identity; ids are derived from its name, so they are the same in every database.
async fn member(unit: &mut Unit<'_>, name: &str) -> Result<Member> {
    let id = crypto::sha256(format!("mainstay/test-member/{name}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&id[..16]);
    let id = MemberId::new(uuid::Builder::from_custom_bytes(bytes).into_uuid());
    // Two first sign-ins at once: the second waits here and then finds the first one's member.
    unit.tx().lock_name("test-login").await?;
    if let Some(member) = unit.tx().lock_member(id).await? {
        return Ok(member);
    }
    let handle = crypto::sha256(format!("mainstay/test-member-handle/{name}").as_bytes());
    let mut member = linking::blank_member(unit.app, handle, name, Language::default(), None, false);
    member.id = id;
    match unit.tx().insert_member(&member).await? {
        MemberInserted::Inserted => Ok(member),
        MemberInserted::EmailTaken => Err(raced()),
    }
}
