//! Members: what they see and change of themselves, and what operators do about them.

mod delete;
mod govern;

use mainstay_model::{
    EmailAddress, MemberId,
    identity::Identity,
    member::Member,
    session::Session,
    tenant::{Tenant, TenantRole},
    text,
};
use mainstay_store::{Access, MemberUpdated};

use crate::{
    App, Caller, Code, Error, RequestContext, Result, limits,
    sabotage::{self, Guard},
    sessions,
};

pub use self::{
    delete::delete_self,
    govern::{ban, promote},
};

/// What members see of themselves.
#[derive(Clone, Debug)]
pub struct MeView {
    /// The member.
    pub member: Member,
    /// The address, if they proved it.
    pub email: Option<EmailAddress>,
    /// How many passkeys they have.
    pub passkeys: usize,
    /// Linked provider accounts, oldest first.
    pub identities: Vec<Identity>,
    /// Tenants with the role in each, by name.
    pub tenants: Vec<(Tenant, TenantRole)>,
    /// The session through which they ask.
    pub session: Session,
}

/// The caller, as of one moment.
///
/// # Errors
/// [`Code::SessionEnded`] when the account or the session is gone meanwhile; or the database is away.
pub async fn me(app: &App, caller: &Caller) -> Result<MeView> {
    let mut tx = app.store.begin(Access::Snapshot).await?;
    let member = tx.member_by_id(caller.member_id).await?.ok_or_else(gone)?;
    let mut session = tx.session_by_id(caller.session_id).await?.ok_or_else(gone)?;
    session.signed_in_at = sessions::proven_at(&session);
    Ok(MeView {
        email: member.verified_email().cloned(),
        passkeys: tx.passkeys_of_member(member.id).await?.len(),
        identities: tx.identities_of_member(member.id).await?,
        tenants: tx.tenants_of_member(member.id).await?,
        member,
        session,
    })
}

/// Changes what is given: the display name, the language by its code.
///
/// # Errors
/// [`Code::ValidationFailed`], [`Code::SessionEnded`] when the account is gone meanwhile; or the database is away.
pub async fn update(
    app: &App,
    _ctx: &RequestContext,
    caller: &Caller,
    display_name: Option<&str>,
    language: Option<&str>,
) -> Result<()> {
    let most = if sabotage::is_off(Guard::FieldLimits) { usize::MAX } else { limits::LABEL_CHARS_MAX };
    let display_name = display_name
        .map(|name| text::label(name, most))
        .transpose()
        .map_err(|fault| Error::text("display_name", fault))?;
    let language = language.map(str::parse).transpose().map_err(
        |fault: mainstay_model::language::UnknownLanguage| {
            Error::field("language", "invalid", format!("is {fault}"))
        },
    )?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let mut member = tx.lock_member(caller.member_id).await?.ok_or_else(gone)?;
        member.display_name = display_name.clone().unwrap_or(member.display_name);
        member.language = language.unwrap_or(member.language);
        member.updated_at = app.now();
        match tx.update_member(&member).await? {
            MemberUpdated::Updated => Ok(tx.commit().await?),
            MemberUpdated::Missing => Err(gone()),
            MemberUpdated::EmailTaken => Err(Error::internal("an address that did not change was taken")),
        }
    })
    .await
}

/// Gives the caller a role of their own choice.
///
/// # Errors
/// When the account is gone, or the database is away.
#[cfg(feature = "sabotage")]
pub async fn take_role(app: &App, caller: &Caller, role: mainstay_model::member::Role) -> Result<()> {
    let mut tx = app.write().await?;
    let mut member = tx.lock_member(caller.member_id).await?.ok_or_else(gone)?;
    member.role = role;
    tx.update_member(&member).await?;
    tx.commit().await?;
    sessions::announce_member_changed(app, member.id).await;
    Ok(())
}

/// One member, for services and operators; who may ask is decided before.
///
/// # Errors
/// [`Code::NotFound`], or the database is away.
pub async fn by_id(app: &App, id: MemberId) -> Result<Member> {
    app.read().await?.member_by_id(id).await?.ok_or_else(Error::not_found)
}

fn gone() -> Error {
    Error::new(Code::SessionEnded, "This account is gone.")
}

fn subject(id: MemberId) -> String {
    format!("member:{id}")
}
