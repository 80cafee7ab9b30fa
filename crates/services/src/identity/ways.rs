//! The ways in that a member has, and the rule that the last one stays.

use mainstay_model::{
    MemberId, Timestamp,
    identity::{Identity, Provider},
    member::Member,
    passkey::Passkey,
    session::Session,
};
use mainstay_store::Tx;

use super::{attempt::Unit, mail_texts::Ways, oauth};
use crate::{
    App, Caller, Capability, Code, Error, Result,
    sabotage::{self, Guard},
};

/// What opens an account beside codes to its address, and who is in it: what a member must see at once who came back by a code,
/// so that a stranger's passkey is noticed (T-ID-12).
#[derive(Clone, Debug)]
pub struct WaysIn {
    /// Passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Linked accounts at providers, oldest first.
    pub identities: Vec<Identity>,
    /// Whether there is a password, switched on here or not.
    pub has_password: bool,
    /// Live sessions, newest first.
    pub sessions: Vec<Session>,
}

impl WaysIn {
    pub(super) async fn read(tx: &mut dyn Tx, member_id: MemberId, now: Timestamp) -> Result<Self> {
        Ok(Self {
            passkeys: tx.passkeys_of_member(member_id).await?,
            identities: tx.identities_of_member(member_id).await?,
            has_password: tx.password_hash(member_id).await?.is_some(),
            sessions: tx.live_sessions_of_member(member_id, now).await?,
        })
    }

    /// For a mail, which names kinds and numbers, but nothing that somebody could have typed.
    pub(super) fn summary(&self) -> Ways {
        let has = |provider| self.identities.iter().any(|identity| identity.provider == provider);
        Ways {
            passkeys: self.passkeys.len(),
            google: has(Provider::Google),
            apple: has(Provider::Apple),
            password: self.has_password,
            sessions: self.sessions.len(),
        }
    }

    /// Whether there is anything beside the address and the newest session.
    pub(super) fn are_more_than_the_address(&self) -> bool {
        !self.passkeys.is_empty()
            || !self.identities.is_empty()
            || self.has_password
            || self.sessions.len() > 1
    }
}

/// The caller's ways in and sessions.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App, caller: &Caller) -> Result<WaysIn> {
    WaysIn::read(&mut *app.read().await?, caller.member_id, app.now()).await
}

/// A way in that is about to be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One passkey.
    Passkey,
    /// One linked account of this provider.
    Identity(Provider),
    /// The address, and with it mailed codes and the password, which is asked for together with the address.
    Email,
}

/// Refuses to take the last way in: what is switched off here opens nothing, and does not count. The member must be locked, so that two removals can't each count on the other's.
///
/// # Errors
/// [`Code::LastWayIn`].
pub(super) async fn require_another(unit: &mut Unit<'_>, member: &Member, without: Way) -> Result<()> {
    let app = unit.app;
    let is_open = |provider| app.capabilities.is_on(oauth::capability(provider));
    let passkeys_work = app.capabilities.is_on(Capability::Passkey) && app.identity.webauthn.is_some();
    let tx = unit.tx();
    let mut passkeys = if passkeys_work { tx.passkeys_of_member(member.id).await?.len() } else { 0 };
    let identities = tx.identities_of_member(member.id).await?;
    let mut identities = identities.iter().filter(|identity| is_open(identity.provider)).count();
    let mut by_address = false;
    match without {
        Way::Passkey => passkeys = passkeys.saturating_sub(1),
        Way::Identity(provider) if is_open(provider) => identities = identities.saturating_sub(1),
        Way::Identity(_) | Way::Email => {}
    }
    if without != Way::Email {
        let code = member.verified_email().is_some() && app.capabilities.is_on(Capability::EmailCode);
        by_address = code
            || member.email.is_some()
                && app.capabilities.is_on(Capability::Password)
                && tx.password_hash(member.id).await?.is_some();
    }
    if passkeys + identities > 0 || by_address || sabotage::is_off(Guard::LastWayIn) {
        return Ok(());
    }
    Err(Error::new(
        Code::LastWayIn,
        "This is your last way to sign in. Add another one first, then remove this one.",
    ))
}
