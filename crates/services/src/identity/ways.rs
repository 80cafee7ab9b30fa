//! The ways in that a member has, and the rule that the last one stays.

use mainstay_model::member::Member;

use super::attempt::Unit;
use crate::{Capability, Code, Error, Result};

/// A way in that is about to be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One passkey.
    Passkey,
    /// One linked provider account.
    Identity,
    /// The address, and with it mailed codes and the password, which is asked for together with the address.
    Email,
}

/// Refuses to take the last way in. The member must be locked, so that two removals can't each count on the other's.
///
/// # Errors
/// [`Code::LastWayIn`].
pub(super) async fn require_another(unit: &mut Unit<'_>, member: &Member, without: Way) -> Result<()> {
    let app = unit.app;
    let tx = unit.tx();
    let mut passkeys = tx.passkeys_of_member(member.id).await?.len();
    let mut identities = tx.identities_of_member(member.id).await?.len();
    let mut by_address = false;
    match without {
        Way::Passkey => passkeys = passkeys.saturating_sub(1),
        Way::Identity => identities = identities.saturating_sub(1),
        Way::Email => {}
    }
    if without != Way::Email {
        let code = member.verified_email().is_some() && app.capabilities.is_on(Capability::EmailCode);
        by_address = code
            || member.email.is_some()
                && app.capabilities.is_on(Capability::Password)
                && tx.password_hash(member.id).await?.is_some();
    }
    if passkeys + identities > 0 || by_address {
        return Ok(());
    }
    Err(Error::new(
        Code::LastWayIn,
        "This is your last way to sign in. Add another one first, then remove this one.",
    ))
}
