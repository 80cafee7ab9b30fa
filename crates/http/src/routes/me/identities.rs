//! The member's linked accounts at identity providers.

use actix_web::{HttpResponse, delete};
use mainstay_model::IdentityId;
use mainstay_services::identity::oauth;

use crate::{
    extract::{Context, Id, SignedInMember},
    problem::Problem,
    routes::Server,
};

/// Unlinks an account
///
/// The last way in stays.
#[utoipa::path(tag = "me", params(("identity_id" = Uuid, Path)), responses((status = 204, description = "Unlinked")))]
#[delete("/v1/me/identities/{identity_id}")]
pub(crate) async fn remove_identity(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Id(id): Id<IdentityId>,
) -> Result<HttpResponse, Problem> {
    oauth::remove_identity(&server.app, &context, &member.caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
