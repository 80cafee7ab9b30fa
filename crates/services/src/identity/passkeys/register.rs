//! Registering a passkey: a new member's first, or another one of a signed-in member.

use mainstay_model::{
    CeremonyId, Language, PasskeyId, SessionId, audit::Actor, ceremony::CeremonyKind, member::Member,
    passkey::Passkey, session::SignInMethod, text,
};
use mainstay_store::{MemberInserted, PasskeyInserted};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{CredentialID, PasskeyRegistration, RegisterPublicKeyCredential};

use super::{super::FlowSecrets, METHOD, RegisterFinished, RegisterStarted, ceremony, take, verify};
use crate::{
    App, Caller, Capability, Code, Error, RequestContext, Result, crypto,
    identity::{
        attempt::{Stop, Unit, raced},
        linking,
        mail_texts::Message,
    },
    limits,
};

/// What a passkey is called until its owner calls it otherwise.
const NAME_DEFAULT: &str = "Passkey";

/// What is remembered of a registration beside the ceremony's own fields.
#[derive(Serialize, Deserialize)]
struct State {
    webauthn: PasskeyRegistration,
    /// Of the member to be, for a sign-up.
    new_member: Option<NewMember>,
}

#[derive(Serialize, Deserialize)]
struct NewMember {
    user_handle: String,
    display_name: String,
    language: Language,
}

/// Starts a registration: of the caller's next passkey, or without a caller of a new member.
///
/// # Errors
/// [`Code::CapabilityUnavailable`]; [`Code::RecentSignInRequired`] and [`Code::Conflict`] (too many) for a caller;
/// [`Code::ValidationFailed`] for a bad name.
pub async fn register_start(
    app: &App,
    ctx: &RequestContext,
    caller: Option<&Caller>,
    display_name: Option<&str>,
    language: Option<&str>,
    browser: &[u8; 32],
) -> Result<RegisterStarted> {
    app.capabilities.require(Capability::Passkey)?;
    let webauthn = app.identity.webauthn()?;
    let product = app.settings.product_name.as_str();
    let (kind, handle, name, display_name, exclude, new_member) = match caller {
        Some(caller) => {
            caller.require_recent(app.now())?;
            let (member, passkeys) = load(app, caller).await?;
            let exclude: Vec<CredentialID> =
                passkeys.into_iter().map(|passkey| passkey.credential_id.into()).collect();
            let name = account_name(&member, product);
            let display_name = or(&member.display_name, &name).to_owned();
            (CeremonyKind::AddPasskey, member.user_handle, name, display_name, Some(exclude), None)
        }
        None => {
            let given = text::label(display_name.unwrap_or_default(), limits::LABEL_CHARS_MAX)
                .map_err(|fault| Error::field("display_name", "invalid", fault.to_string()))?;
            let handle = app.ports.random.secret();
            let name = or(&given, product).to_owned();
            let new_member = NewMember {
                user_handle: crypto::encode(&handle),
                display_name: given,
                language: linking::language(language).unwrap_or_default(),
            };
            (CeremonyKind::SignUp, handle, name.clone(), name, None, Some(new_member))
        }
    };
    // The library knows users by UUID; the handle that authenticators keep is ours, 32 random bytes (WebAuthn, 14.6.1).
    let (mut options, state) = webauthn
        .start_passkey_registration(Uuid::from_u128(1), &name, &display_name, exclude)
        .map_err(Error::internal)?;
    options.public_key.user.id = handle.to_vec().into();
    let mut options = verify::to_value(&options.public_key)?;
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);

    let state = verify::to_value(&State { webauthn: state, new_member })?;
    let ceremony = ceremony(app, kind, caller.map(|caller| caller.member_id), browser, state);
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        unit.tx().insert_ceremony(&ceremony).await?;
        unit.commit().await
    })
    .await?;
    Ok(RegisterStarted { ceremony_id: ceremony.id, options, expires_in: limits::CEREMONY_TTL })
}

async fn load(app: &App, caller: &Caller) -> Result<(Member, Vec<Passkey>)> {
    let mut tx = app.read().await?;
    let member = tx.member_by_id(caller.member_id).await?.ok_or_else(Error::not_found)?;
    let passkeys = tx.passkeys_of_member(member.id).await?;
    require_room(&passkeys)?;
    Ok((member, passkeys))
}

fn require_room(passkeys: &[Passkey]) -> Result<()> {
    if passkeys.len() < limits::PASSKEYS_PER_MEMBER_MAX {
        return Ok(());
    }
    let detail = format!("An account has at most {} passkeys.", limits::PASSKEYS_PER_MEMBER_MAX);
    Err(Error::new(Code::Conflict, detail))
}

/// What an account picker shows.
fn account_name(member: &Member, product: &str) -> String {
    match member.verified_email() {
        Some(email) => email.as_str().to_owned(),
        None => or(&member.display_name, product).to_owned(),
    }
}

const fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// Finishes a registration. A new member is signed in with it.
///
/// # Errors
/// [`Code::CeremonyRefused`]; [`Code::IdentityTaken`] for a credential that is known; [`Code::RecentSignInRequired`],
/// [`Code::SessionEnded`] and [`Code::Conflict`] for a caller; [`Code::ValidationFailed`].
#[allow(clippy::too_many_arguments)]
pub async fn register_finish(
    app: &App,
    ctx: &RequestContext,
    caller: Option<&Caller>,
    replaces: Option<SessionId>,
    ceremony_id: CeremonyId,
    credential: Value,
    name: Option<&str>,
    browser: impl Into<FlowSecrets<'_>>,
) -> Result<RegisterFinished> {
    app.capabilities.require(Capability::Passkey)?;
    let response: RegisterPublicKeyCredential = verify::parse(credential)?;
    let name = passkey_name(name)?;
    let browser = browser.into();
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let outcome = finish(&mut unit, caller, replaces, ceremony_id, &response, &name, browser).await;
        unit.settle(METHOD, outcome).await
    })
    .await?
}

/// A passkey's name: a label that is not empty.
pub(super) fn passkey_name(name: Option<&str>) -> Result<String> {
    let name = text::label(name.unwrap_or_default(), limits::LABEL_CHARS_MAX)
        .map_err(|fault| Error::field("name", "invalid", fault.to_string()))?;
    Ok(or(&name, NAME_DEFAULT).to_owned())
}

async fn finish(
    unit: &mut Unit<'_>,
    caller: Option<&Caller>,
    replaces: Option<SessionId>,
    ceremony_id: CeremonyId,
    response: &RegisterPublicKeyCredential,
    name: &str,
    browser: FlowSecrets<'_>,
) -> Result<RegisterFinished, Stop> {
    let app = unit.app;
    let now = app.now();
    let kinds = [CeremonyKind::SignUp, CeremonyKind::AddPasskey];
    let ceremony =
        take(unit, ceremony_id, &kinds, caller.map(|caller| caller.member_id), browser, now).await?;
    let state: State = serde_json::from_value(ceremony.state).map_err(Error::internal)?;
    let registered = verify::registration(app.identity.webauthn()?, &state.webauthn, response)?;

    let member = match (caller, state.new_member) {
        (Some(caller), None) => {
            // Fresh when it began is enough: the ceremony itself takes its time, and is bounded.
            caller.require_recent(ceremony.created_at)?;
            let member = unit.lock_caller(caller).await?;
            require_room(&unit.tx().passkeys_of_member(member.id).await?)?;
            member
        }
        (None, Some(new)) => sign_up(unit, &new).await?,
        _ => return Err(verify::refused("kind")),
    };
    let passkey = Passkey {
        id: PasskeyId::new(app.new_uuid()),
        member_id: member.id,
        credential_id: registered.credential_id,
        credential: registered.credential,
        name: name.to_owned(),
        backed_up: registered.backed_up,
        created_at: now,
        last_used_at: None,
    };
    match unit.tx().insert_passkey(&passkey).await? {
        PasskeyInserted::Inserted => {}
        // A failure and not a refusal: a refusal would be committed, with the new member in it.
        PasskeyInserted::Taken => {
            return Err(Error::new(Code::IdentityTaken, "This passkey is registered already.").into());
        }
    }
    let actor = Actor::Member(member.id);
    unit.note(
        "passkey.added",
        &actor,
        &member,
        json!({ "passkey": passkey.id, "backed_up": passkey.backed_up }),
    );
    let signed_in = match caller {
        Some(_) => {
            unit.notify(&member, Message::PasskeyAdded);
            None
        }
        None => Some(unit.open(&member, SignInMethod::Passkey, replaces).await?),
    };
    Ok(RegisterFinished { passkey, signed_in })
}

async fn sign_up(unit: &mut Unit<'_>, new: &NewMember) -> Result<Member> {
    let handle =
        crypto::decode_32(&new.user_handle).ok_or_else(|| Error::internal("a user handle was not kept"))?;
    let member = linking::blank_member(unit.app, handle, &new.display_name, new.language, None, false);
    match unit.tx().insert_member(&member).await? {
        MemberInserted::Inserted => {}
        MemberInserted::EmailTaken => return Err(raced()),
    }
    unit.note("member.created", &Actor::Member(member.id), &member, json!({ "method": METHOD }));
    Ok(member)
}
