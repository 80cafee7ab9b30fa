//! The member's row: made in one way only, and written with its outcomes told apart.

use mainstay_model::{
    EmailAddress, Language, MemberId, Timestamp,
    audit::Actor,
    member::{Member, MemberStatus, Role},
    session::SignInMethod,
};
use mainstay_store::{MemberInserted, MemberUpdated};
use serde_json::json;

use crate::{
    App, Code, Error, Result,
    identity::attempt::{Unit, raced},
};

/// Adds a member. An address is given with whether it is proven.
pub(super) async fn new_member(
    unit: &mut Unit<'_>,
    address: Option<(EmailAddress, bool)>,
    name: &str,
    language: Language,
    method: SignInMethod,
) -> Result<Member> {
    let app = unit.app;
    let proven = address.as_ref().is_some_and(|(_, proven)| *proven);
    let member =
        blank_member(app, app.ports.random.secret(), name, language, address.map(|(email, _)| email), proven);
    match unit.tx().insert_member(&member).await? {
        MemberInserted::Inserted => {}
        MemberInserted::EmailTaken => return Err(raced()),
    }
    if let Some(email) = member.verified_email() {
        // Codes that somebody else asked for, with a password of their own in them, end here.
        unit.tx().delete_email_flows_of_address(email).await?;
    }
    unit.note("member.created", &Actor::Member(member.id), &member, json!({ "method": method }));
    Ok(member)
}

/// A member as every sign-up makes them: nothing of it comes from the client but name and language.
pub(in crate::identity) fn blank_member(
    app: &App,
    user_handle: [u8; 32],
    name: &str,
    language: Language,
    email: Option<EmailAddress>,
    proven: bool,
) -> Member {
    let now = app.now();
    Member {
        id: MemberId::new(app.new_uuid()),
        user_handle,
        display_name: name.to_owned(),
        language,
        role: Role::Member,
        status: MemberStatus::Active,
        email_verified_at: email.as_ref().filter(|_| proven).map(|_| now),
        email,
        created_at: now,
        updated_at: now,
    }
}

/// Writes a locked member.
///
/// # Errors
/// [`Code::Conflict`] when somebody else has the address.
pub(in crate::identity) async fn update(
    unit: &mut Unit<'_>,
    member: &mut Member,
    now: Timestamp,
) -> Result<()> {
    member.updated_at = now;
    match unit.tx().update_member(member).await? {
        MemberUpdated::Updated => Ok(()),
        MemberUpdated::EmailTaken => {
            Err(Error::new(Code::Conflict, "This address belongs to another account."))
        }
        MemberUpdated::Missing => Err(Error::not_found()),
    }
}

/// The wished-for language, as far as it is spoken here: `es-MX` is Spanish, what is unknown is nothing.
pub(in crate::identity) fn language(wish: Option<&str>) -> Option<Language> {
    wish?.split(['-', '_']).next()?.to_ascii_lowercase().parse().ok()
}
