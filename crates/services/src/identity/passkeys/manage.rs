//! A member's own passkeys.

use mainstay_model::{PasskeyId, audit::Actor, passkey::Passkey, text};
use serde_json::json;

use super::Accepted;
use crate::{
    App, Caller, Error, RequestContext, Result,
    identity::{
        attempt::Unit,
        mail_texts::Message,
        ways::{self, Way},
    },
    limits,
};

/// The member's passkeys, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Passkey>> {
    Ok(app.read().await?.passkeys_of_member(caller.member_id).await?)
}

/// Renames one.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::ValidationFailed`].
pub async fn rename(
    app: &App,
    ctx: &RequestContext,
    caller: &Caller,
    id: PasskeyId,
    name: &str,
) -> Result<()> {
    let name = text::required_label(name, limits::LABEL_CHARS_MAX)
        .map_err(|fault| Error::field("name", "invalid", fault.to_string()))?;
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        if !unit.tx().rename_passkey(caller.member_id, id, &name).await? {
            return Err(Error::not_found());
        }
        unit.commit().await
    })
    .await
}

/// Removes one and answers which remain, so that the client can tell the authenticator.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::RecentSignInRequired`], [`crate::Code::LastWayIn`].
pub async fn remove(app: &App, ctx: &RequestContext, caller: &Caller, id: PasskeyId) -> Result<Accepted> {
    caller.require_recent(app.now())?;
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let member = unit.lock_caller(caller).await?;
        let passkeys = unit.tx().passkeys_of_member(member.id).await?;
        if !passkeys.iter().any(|passkey| passkey.id == id) {
            return Err(Error::not_found());
        }
        ways::require_another(&mut unit, &member, Way::Passkey).await?;
        unit.tx().delete_passkey(member.id, id).await?;
        unit.note("passkey.removed", &Actor::Member(member.id), &member, json!({ "passkey": id }));
        unit.notify(&member, Message::PasskeyRemoved);
        unit.commit().await?;
        Ok(Accepted {
            rp_id: app.settings.rp_id.clone(),
            user_handle: member.user_handle,
            credential_ids: passkeys
                .into_iter()
                .filter(|passkey| passkey.id != id)
                .map(|passkey| passkey.credential_id)
                .collect(),
        })
    })
    .await
}
