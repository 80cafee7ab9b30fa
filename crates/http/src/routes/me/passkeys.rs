//! The member's passkeys (IDN-7).

use actix_web::{delete, get, patch, web};
use mainstay_model::PasskeyId;
use mainstay_services::{Error, identity::passkeys};

use crate::{
    body::Json,
    extract::{Context, Id, SignedInMember},
    routes::{Answer, Server},
    views::passkey::{AcceptedCredentials, PasskeyRename, PasskeyView, PasskeysView},
};

/// Lists the member's passkeys
#[utoipa::path(tag = "me", responses((status = 200, description = "The passkeys", body = PasskeysView)))]
#[get("/v1/me/passkeys")]
pub(crate) async fn list_passkeys(server: Server, member: SignedInMember) -> Answer<PasskeysView> {
    let passkeys = passkeys::list(&server.app, &member.caller).await?;
    Ok(web::Json(PasskeysView { items: passkeys.into_iter().map(PasskeyView::from).collect() }))
}

/// Renames a passkey
#[utoipa::path(
    tag = "me",
    params(("passkey_id" = Uuid, Path)),
    responses((status = 200, description = "The passkey", body = PasskeyView))
)]
#[patch("/v1/me/passkeys/{passkey_id}")]
pub(crate) async fn rename_passkey(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Id(id): Id<PasskeyId>,
    Json(change): Json<PasskeyRename>,
) -> Answer<PasskeyView> {
    passkeys::rename(&server.app, &context, &member.caller, id, &change.name).await?;
    let passkeys = passkeys::list(&server.app, &member.caller).await?;
    let renamed = passkeys.into_iter().find(|passkey| passkey.id == id).ok_or_else(Error::not_found)?;
    Ok(web::Json(renamed.into()))
}

/// Removes a passkey
///
/// The last way in stays. The answer is what the browser needs to tell authenticators which passkeys are still good.
#[utoipa::path(
    tag = "me",
    params(("passkey_id" = Uuid, Path)),
    responses((status = 200, description = "What is still accepted", body = AcceptedCredentials))
)]
#[delete("/v1/me/passkeys/{passkey_id}")]
pub(crate) async fn remove_passkey(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Id(id): Id<PasskeyId>,
) -> Answer<AcceptedCredentials> {
    let accepted = passkeys::remove(&server.app, &context, &member.caller, id).await?;
    Ok(web::Json(accepted.into()))
}
