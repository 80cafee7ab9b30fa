//! From a proof to a member: by the provider's subject, or by an address that was proven just now.
//!
//! A provider's word opens an existing account by address only where the provider decides about the address *and* the account's
//! address was proven before. The first proof of an address ends everything that was made for it earlier: who made it never
//! showed that the address was theirs.

mod member;

use mainstay_model::{
    EmailAddress, IdentityId, Language, MemberId, Timestamp,
    audit::Actor,
    identity::{Identity, Provider},
    member::Member,
    session::{RevokedReason, SignInMethod},
    text,
};
use mainstay_store::IdentityInserted;
use secrecy::ExposeSecret;
use serde_json::json;

use self::member::new_member;
pub(super) use self::member::{blank_member, language, update};
use super::{
    attempt::{Stop, Unit, raced},
    mail_texts::Message,
};
use crate::{
    App, Code, Error, Result,
    crypto::Purpose,
    jobs::Work,
    limits,
    ports::{ProviderAccount, ProviderError},
    sessions,
};

/// Provider accounts of one member.
const IDENTITIES_PER_MEMBER_MAX: usize = 20;
/// A subject, in bytes (OpenID Connect Core 1.0, 2: at most 255 ASCII characters).
const SUBJECT_BYTES_MAX: usize = 255;

/// A provider's verified word about a person.
pub(super) struct Proof {
    provider: Provider,
    issuer: String,
    subject: String,
    email: Option<EmailAddress>,
    verified: bool,
    authoritative: bool,
    name: String,
    sealed_token: Option<Vec<u8>>,
}

impl Proof {
    /// From what the provider's adapter verified. `unsigned_name` is what the browser said beside it, good for a name only.
    ///
    /// # Errors
    /// When the account has no usable subject: everybody without one would be the same person.
    pub(super) fn new(
        app: &App,
        provider: Provider,
        account: ProviderAccount,
        unsigned_name: Option<&str>,
    ) -> Result<Self, ProviderError> {
        if account.issuer.is_empty() || !(1..=SUBJECT_BYTES_MAX).contains(&account.subject.len()) {
            return Err(ProviderError::Refused("the account has no usable subject".to_owned()));
        }
        let name = account.name.as_deref().or(unsigned_name).unwrap_or_default();
        Ok(Self {
            provider,
            name: text::label(name, limits::LABEL_CHARS_MAX).unwrap_or_default(),
            issuer: account.issuer,
            subject: account.subject,
            email: account.email.and_then(|email| email.parse().ok()),
            verified: account.email_verified,
            authoritative: account.email_authoritative,
            sealed_token: account.refresh_token.map(|token| {
                let plain = token.expose_secret().as_bytes();
                app.sealer.seal(&*app.ports.random, Purpose::ProviderToken, plain)
            }),
        })
    }

    const fn decides_about_the_address(&self) -> bool {
        self.verified && self.authoritative
    }

    fn identity(&self, app: &App, member_id: MemberId, now: Timestamp) -> Identity {
        Identity {
            id: IdentityId::new(app.new_uuid()),
            member_id,
            provider: self.provider,
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            email: self.email.clone(),
            sealed_token: self.sealed_token.clone(),
            created_at: now,
            last_used_at: Some(now),
        }
    }
}

/// How a session that a provider opened is named.
pub(super) const fn method(provider: Provider) -> SignInMethod {
    match provider {
        Provider::Google => SignInMethod::Google,
        Provider::Apple => SignInMethod::Apple,
    }
}

/// The member that a provider's word signs in: the one that is linked, the one whose address it is, or a new one.
///
/// # Errors
/// Refusals with [`Code::AccountExists`] when a verified address is somebody's and the provider does not decide about it.
pub(super) async fn sign_in(unit: &mut Unit<'_>, proof: &Proof) -> Result<Member, Stop> {
    let now = unit.app.now();
    let linked = unit.tx().identity_by_subject(&proof.issuer, &proof.subject).await?;
    if let Some(identity) = linked {
        return known(unit, proof, &identity, now).await;
    }
    // An address that the provider did not verify is whatever somebody typed there: whether it is somebody's here is none of
    // their business, and it is nobody's address to be.
    let vouched = proof.email.as_ref().filter(|_| proof.verified);
    let owner = match vouched {
        Some(email) => unit.tx().member_by_email(email).await?,
        None => None,
    };
    let member = match owner {
        Some(owner) if proof.decides_about_the_address() => {
            let member = claim(unit, owner).await?;
            unit.notify(&member, Message::ProviderAdded(proof.provider));
            member
        }
        Some(owner) => {
            let detail =
                "There is an account with this address. Sign in to it first, then link the provider there.";
            return Err(Stop::refused("account_exists", Error::new(Code::AccountExists, detail)).of(&owner));
        }
        None => {
            // A provider that only once mailed to an address does not prove it for today: kept, but not as proven.
            let address = vouched.map(|email| (email.clone(), proof.decides_about_the_address()));
            new_member(unit, address, &proof.name, Language::default(), method(proof.provider)).await?
        }
    };
    insert(unit, proof, &member, now).await?;
    Ok(member)
}

async fn known(
    unit: &mut Unit<'_>,
    proof: &Proof,
    identity: &Identity,
    now: Timestamp,
) -> Result<Member, Stop> {
    let mut member = unit.tx().lock_member(identity.member_id).await?.ok_or_else(raced)?;
    // Read again now that nobody can change the member's ways in: the link may just have been cut.
    let again = unit.tx().identity_by_subject(&proof.issuer, &proof.subject).await?;
    if again.is_none_or(|again| again.id != identity.id) {
        return Err(raced().into());
    }
    unit.tx().touch_identity(identity.id, proof.email.as_ref(), proof.sealed_token.as_deref(), now).await?;
    if member.display_name.is_empty() && !proof.name.is_empty() {
        member.display_name.clone_from(&proof.name);
        update(unit, &mut member, now).await?;
    }
    Ok(member)
}

/// Adds a provider's account to a signed-in member, who is locked.
///
/// # Errors
/// Refusals with [`Code::IdentityTaken`] when it is linked already, to whomever.
pub(super) async fn link(unit: &mut Unit<'_>, member: &Member, proof: &Proof) -> Result<(), Stop> {
    let now = unit.app.now();
    let taken = || {
        let detail = format!("This {} account is linked already.", proof.provider);
        Stop::refused("identity_taken", Error::new(Code::IdentityTaken, detail)).of(member)
    };
    if unit.tx().identity_by_subject(&proof.issuer, &proof.subject).await?.is_some() {
        return Err(taken());
    }
    if unit.tx().identities_of_member(member.id).await?.len() >= IDENTITIES_PER_MEMBER_MAX {
        let detail = format!("An account has at most {IDENTITIES_PER_MEMBER_MAX} linked providers.");
        return Err(Error::new(Code::Conflict, detail).into());
    }
    insert(unit, proof, member, now).await?;
    unit.notify(member, Message::ProviderAdded(proof.provider));
    Ok(())
}

async fn insert(unit: &mut Unit<'_>, proof: &Proof, member: &Member, now: Timestamp) -> Result<()> {
    let identity = proof.identity(unit.app, member.id, now);
    match unit.tx().insert_identity(&identity).await? {
        IdentityInserted::Inserted => {}
        IdentityInserted::Taken => return Err(raced()),
    }
    let detail = json!({ "provider": proof.provider, "identity": identity.id });
    unit.note("identity.linked", &Actor::Member(member.id), member, detail);
    Ok(())
}

/// The member of an address whose control was proven just now by a mailed code; a new one where there is none.
pub(super) async fn by_proven_address(
    unit: &mut Unit<'_>,
    email: &EmailAddress,
    name: &str,
    language: Language,
    method: SignInMethod,
) -> Result<(Member, Proven), Stop> {
    match unit.tx().member_by_email(email).await? {
        Some(owner) => {
            let proven_before = owner.email_verified_at.is_some();
            let member = claim(unit, owner).await?;
            Ok((member, if proven_before { Proven::Before } else { Proven::Now }))
        }
        None => {
            let member = new_member(unit, Some((email.clone(), true)), name, language, method).await?;
            Ok((member, Proven::Now))
        }
    }
}

/// When an address was first proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proven {
    /// By this very proof.
    Now,
    /// Earlier.
    Before,
}

/// Locks the owner of an address that was proven just now; ends what was made before, if this is the first proof.
async fn claim(unit: &mut Unit<'_>, owner: Member) -> Result<Member, Stop> {
    let mut member = unit.tx().lock_member(owner.id).await?.ok_or_else(raced)?;
    if member.email != owner.email || member.email_verified_at != owner.email_verified_at {
        return Err(raced().into());
    }
    unit.admit(&member)?;
    if member.email_verified_at.is_none() {
        prove_address(unit, &mut member).await?;
    }
    Ok(member)
}

/// The first proof of a locked member's address: credentials, sessions and codes that were made before it die.
async fn prove_address(unit: &mut Unit<'_>, member: &mut Member) -> Result<()> {
    let app = unit.app;
    let now = app.now();
    let identities = unit.tx().identities_of_member(member.id).await?;
    for identity in &identities {
        unit.tx().delete_identity(member.id, identity.id).await?;
        revoke_later(unit, identity);
    }
    let passkeys = unit.tx().delete_passkeys_of_member(member.id).await?;
    let password = unit.tx().delete_password(member.id).await?;
    // After the credentials: a sign-in that still held one has committed by now, and its session is seen here.
    let ended =
        sessions::end_all_of_member(app, unit.tx(), member.id, None, RevokedReason::AddressProven, now)
            .await?;
    unit.tx().delete_email_flows_of_member(member.id).await?;
    if let Some(email) = &member.email {
        unit.tx().delete_email_flows_of_address(email).await?;
    }
    member.email_verified_at = Some(now);
    update(unit, member, now).await?;
    let detail = json!({
        "identities_ended": identities.len(),
        "passkeys_ended": passkeys,
        "password_ended": password,
        "sessions_ended": ended.len(),
    });
    unit.note("member.address_proven", &Actor::Member(member.id), member, detail);
    unit.ended(ended);
    Ok(())
}

/// Has a provider's token revoked after the commit, where one was kept.
pub(super) fn revoke_later(unit: &mut Unit<'_>, identity: &Identity) {
    let Some(sealed) = &identity.sealed_token else { return };
    match unit.app.sealer.open(Purpose::ProviderToken, sealed).map(String::from_utf8) {
        Ok(Ok(token)) => {
            unit.later(Work::RevokeProviderToken { provider: identity.provider, token: token.into() })
        }
        _ => {
            tracing::error!(identity = %identity.id, "a provider's token does not open, so it can't be revoked")
        }
    }
}
