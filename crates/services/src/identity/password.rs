//! Passwords of imported members, behind a switch that is off by default.
//!
//! An account that is unknown costs as much time as a wrong password, and is slowed down just the same.

mod hash;

use std::time::Duration;

use mainstay_model::{
    Language, MemberId, SessionId, ceremony::EmailPurpose, member::Member, session::SignInMethod, text,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use self::hash::Verdict;
use super::{
    attempt::{self, Stop, Unit, raced},
    backoff::{self, Door, Waiter},
    email::{self, EmailStarted},
    mail_texts::{self, Message},
};
use crate::{
    App, Capability, Code, Error, RequestContext, Result, crypto::Purpose, limits, sessions::SignedIn,
};

#[cfg(feature = "sabotage")]
use crate::{
    identity::linking,
    sabotage::{self, Guard},
};

/// As the trail and the metrics name this way in.
const METHOD: &str = "password";

/// What waits, sealed, until a mailed code proved the address.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// Hash of the chosen password.
    pub(super) password_hash: Option<String>,
    /// Name of the member to be.
    pub(super) display_name: String,
    /// Language of the member to be.
    pub(super) language: Language,
}

impl Waiting {
    /// Seals it.
    pub(super) fn seal(&self, app: &App) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        Ok(app.sealer.seal(&*app.ports.random, Purpose::EmailFlow, &plain))
    }

    /// Opens it.
    pub(super) fn open(app: &App, sealed: &[u8]) -> Result<Self> {
        let plain = app.sealer.open(Purpose::EmailFlow, sealed).map_err(Error::internal)?;
        serde_json::from_slice(&plain).map_err(Error::internal)
    }
}

/// Starts a sign-up: the password waits until a mailed code proved the address; [`email::finish`] completes it. When there is an
/// account with the proven address, the answer is the same, but the mail says so instead of carrying a code.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], [`Code::ValidationFailed`], [`Code::RateLimited`].
pub async fn register(
    app: &App,
    ctx: &RequestContext,
    email: &str,
    password: &SecretString,
    display_name: Option<&str>,
    browser: &[u8; 32],
) -> Result<EmailStarted> {
    app.capabilities.require(Capability::Password)?;
    app.capabilities.require(Capability::EmailCode)?;
    let email = email::address(email)?;
    require_acceptable(password)?;
    let display_name = text::label(display_name.unwrap_or_default(), limits::LABEL_CHARS_MAX)
        .map_err(|fault| Error::field("display_name", "invalid", fault.to_string()))?;
    backoff::take_mail(app, ctx, &email).await?;
    let password_hash = Some(hash::make(app, password).await?);
    let waiting = Waiting { password_hash, display_name, language: Language::default() };
    let payload = waiting.seal(app)?;
    #[cfg(feature = "sabotage")]
    let premade = waiting.password_hash.clone();
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let owner = unit.tx().member_by_email(&email).await?;
        let code = email::new_code(&*app.ports.random);
        // An address that nobody proved is nobody's: its first proof starts the account over.
        let taken = owner.as_ref().is_some_and(|owner| owner.email_verified_at.is_some());
        let language = owner.map(|owner| owner.language).unwrap_or_default();
        let (code, message) =
            if taken { (None, Message::AddressInUse) } else { (Some(&*code), Message::Code(&code)) };
        let mut flow = email::new_flow(app, &email, EmailPurpose::PasswordSignUp, code, browser);
        flow.sealed_payload = Some(payload.clone());
        unit.tx().insert_email_flow(&flow).await?;
        #[cfg(feature = "sabotage")]
        if sabotage::is_off(Guard::PremadePassword) {
            let handle = app.ports.random.secret();
            let member =
                linking::blank_member(app, handle, "", Language::default(), Some(email.clone()), false);
            unit.tx().insert_member(&member).await?;
            set(&mut unit, &member, premade.as_deref().unwrap_or_default()).await?;
        }
        let mail = mail_texts::compose(&app.settings, &email, language, message);
        unit.mail(mail.until(flow.expires_at));
        unit.commit().await?;
        Ok(email::started(&flow))
    })
    .await
}

fn require_acceptable(password: &SecretString) -> Result<()> {
    let password = password.expose_secret();
    if password.chars().count() < limits::PASSWORD_CHARS_MIN {
        let detail = format!("must have at least {} characters", limits::PASSWORD_CHARS_MIN);
        return Err(Error::field("password", "too_short", detail));
    }
    if password.len() > limits::PASSWORD_BYTES_MAX {
        let detail = format!("must have at most {} bytes", limits::PASSWORD_BYTES_MAX);
        return Err(Error::field("password", "too_long", detail));
    }
    Ok(())
}

/// Sets the password of a member who just proved the address.
pub(super) async fn set(unit: &mut Unit<'_>, member: &Member, hash: &str) -> Result<()> {
    let now = unit.app.now();
    Ok(unit.tx().set_password_hash(member.id, hash, now).await?)
}

/// Signs in. A hash of an older kind is replaced.
///
/// # Errors
/// [`Code::InvalidCredentials`], the same for an unknown account, a wrong password and a barred member;
/// [`Code::SignInBackoff`]; [`Code::CapabilityUnavailable`].
pub async fn login(
    app: &App,
    ctx: &RequestContext,
    replaces: Option<SessionId>,
    email: &str,
    password: &SecretString,
) -> Result<SignedIn> {
    app.capabilities.require(Capability::Password)?;
    // What can't be a password or an address of ours needs no hashing, whoever may have an account.
    if password.expose_secret().len() > limits::PASSWORD_BYTES_MAX {
        return Err(attempt::refuse(app, ctx, METHOD, "too_long", wrong()).await);
    }
    let Ok(email) = email.parse() else {
        return Err(attempt::refuse(app, ctx, METHOD, "malformed_address", wrong()).await);
    };
    backoff::check(app, ctx, Door::Password).await?;
    let wait = backoff::admit(app, Door::Password, &email).await?;

    let (member_id, stored) = stored(app, &email).await?;
    let verdict = hash::verify(app, password, stored.clone()).await?;
    let (Some(member_id), Some(stored)) = (member_id, stored) else {
        return Err(failed(app, ctx, None, wait, "unknown_account").await?);
    };
    let upgraded = match verdict {
        Verdict::Wrong => return Err(failed(app, ctx, Some(member_id), wait, "wrong_password").await?),
        Verdict::Right => None,
        Verdict::RightButOld => Some(hash::make(app, password).await?),
    };
    let signed_in = app
        .retrying(|| async {
            let mut unit = Unit::begin(app, ctx).await?;
            let outcome = open(&mut unit, member_id, &stored, upgraded.as_deref(), replaces).await;
            unit.settle(METHOD, outcome).await
        })
        .await??;
    backoff::succeeded(app, Door::Password, &email).await;
    Ok(signed_in)
}

/// Writes a failure down and counts it for the network address; the account's was counted before, and `wait` follows from it.
async fn failed(
    app: &App,
    ctx: &RequestContext,
    member: Option<MemberId>,
    wait: Duration,
    reason: &'static str,
) -> Result<Error> {
    backoff::note_wait(app, ctx, Door::Password, Waiter::Account(member), wait).await;
    backoff::failed(app, ctx, Door::Password).await?;
    Ok(attempt::refuse(app, ctx, METHOD, reason, wrong()).await)
}

fn wrong() -> Error {
    Error::new(Code::InvalidCredentials, "The address or the password is not right.")
}

async fn stored(
    app: &App,
    email: &mainstay_model::EmailAddress,
) -> Result<(Option<MemberId>, Option<String>)> {
    let mut tx = app.read().await?;
    // As many statements without a member as with one.
    let member = tx.member_by_email(email).await?.map(|member| member.id);
    let hash = tx.password_hash(member.unwrap_or_else(|| MemberId::new(app.new_uuid()))).await?;
    Ok((member, hash))
}

async fn open(
    unit: &mut Unit<'_>,
    member_id: MemberId,
    verified: &str,
    upgraded: Option<&str>,
    replaces: Option<SessionId>,
) -> Result<SignedIn, Stop> {
    let member = unit.tx().lock_member(member_id).await?.ok_or_else(raced)?;
    unit.admit(&member)?;
    // The password may have been taken away while it was verified; then it opens nothing any more.
    if unit.tx().password_hash(member.id).await?.as_deref() != Some(verified) {
        return Err(Stop::refused("changed_meanwhile", wrong()).of(&member));
    }
    if let Some(upgraded) = upgraded {
        set(unit, &member, upgraded).await?;
    }
    unit.open(&member, SignInMethod::Password, replaces).await
}
