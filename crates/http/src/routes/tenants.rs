//! Tenants and who belongs to them.

use actix_web::{HttpResponse, delete, get, post, put, web};
use mainstay_model::{MemberId, TenantId, tenant::TenantRole};
use mainstay_services::tenants;

use crate::{
    body::Json,
    extract::{Context, Id, Ids, SignedInMember},
    problem::Problem,
    routes::{Answer, Registry, Server},
    views::{
        tenant::{
            NewTenant, NewTenantMember, TenantMemberView, TenantMembersView, TenantRoleChange, TenantView,
            TenantsView,
        },
        word,
    },
};

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(list_tenants)
        .service(create_tenant)
        .service(get_tenant)
        .service(list_tenant_members)
        .service(add_tenant_member)
        .service(change_tenant_role)
        .service(remove_tenant_member);
}

/// Lists the caller's tenants
#[utoipa::path(tag = "tenants", responses((status = 200, description = "The tenants", body = TenantsView)))]
#[get("/v1/tenants")]
pub(crate) async fn list_tenants(server: Server, member: SignedInMember) -> Answer<TenantsView> {
    let tenants = tenants::list(&server.app, &member.caller).await?;
    let items = tenants.into_iter().map(|(tenant, role)| TenantView::new(tenant, role)).collect();
    Ok(web::Json(TenantsView { items }))
}

/// Makes a tenant, whose owner is the caller
#[utoipa::path(tag = "tenants", responses((status = 201, description = "The tenant", body = TenantView)))]
#[post("/v1/tenants")]
pub(crate) async fn create_tenant(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Json(new): Json<NewTenant>,
) -> Result<HttpResponse, Problem> {
    let tenant = tenants::create(&server.app, &context, &member.caller, &new.name).await?;
    Ok(HttpResponse::Created().json(TenantView::new(tenant, TenantRole::Owner)))
}

/// Reads a tenant
#[utoipa::path(
    tag = "tenants",
    params(("tenant_id" = Uuid, Path)),
    responses((status = 200, description = "The tenant", body = TenantView))
)]
#[get("/v1/tenants/{tenant_id}")]
pub(crate) async fn get_tenant(
    server: Server,
    member: SignedInMember,
    Id(id): Id<TenantId>,
) -> Answer<TenantView> {
    let (tenant, role) = tenants::get(&server.app, &member.caller, id).await?;
    Ok(web::Json(TenantView::new(tenant, role)))
}

/// Lists a tenant's members
#[utoipa::path(
    tag = "tenants",
    params(("tenant_id" = Uuid, Path)),
    responses((status = 200, description = "The members", body = TenantMembersView))
)]
#[get("/v1/tenants/{tenant_id}/members")]
pub(crate) async fn list_tenant_members(
    server: Server,
    member: SignedInMember,
    Id(id): Id<TenantId>,
) -> Answer<TenantMembersView> {
    let members = tenants::members(&server.app, &member.caller, id).await?;
    let items =
        members.into_iter().map(|(membership, name)| TenantMemberView::new(membership, Some(name))).collect();
    Ok(web::Json(TenantMembersView { items }))
}

/// Takes a member into a tenant
#[utoipa::path(
    tag = "tenants",
    params(("tenant_id" = Uuid, Path)),
    responses((status = 201, description = "The member's place", body = TenantMemberView))
)]
#[post("/v1/tenants/{tenant_id}/members")]
pub(crate) async fn add_tenant_member(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Id(tenant): Id<TenantId>,
    Json(new): Json<NewTenantMember>,
) -> Result<HttpResponse, Problem> {
    let role = word("role", &new.role)?;
    let added = MemberId::new(new.member_id);
    let membership = tenants::add_member(&server.app, &context, &member.caller, tenant, added, role).await?;
    Ok(HttpResponse::Created().json(TenantMemberView::new(membership, None)))
}

/// Changes a member's role in a tenant
#[utoipa::path(
    tag = "tenants",
    params(("tenant_id" = Uuid, Path), ("member_id" = Uuid, Path)),
    responses((status = 200, description = "The member's place", body = TenantMemberView))
)]
#[put("/v1/tenants/{tenant_id}/members/{member_id}")]
pub(crate) async fn change_tenant_role(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Ids(tenant, whose): Ids<TenantId, MemberId>,
    Json(change): Json<TenantRoleChange>,
) -> Answer<TenantMemberView> {
    let role = word("role", &change.role)?;
    let membership = tenants::change_role(&server.app, &context, &member.caller, tenant, whose, role).await?;
    Ok(web::Json(TenantMemberView::new(membership, None)))
}

/// Takes a member out of a tenant
///
/// Everybody may leave; the last owner stays.
#[utoipa::path(
    tag = "tenants",
    params(("tenant_id" = Uuid, Path), ("member_id" = Uuid, Path)),
    responses((status = 204, description = "Removed"))
)]
#[delete("/v1/tenants/{tenant_id}/members/{member_id}")]
pub(crate) async fn remove_tenant_member(
    server: Server,
    Context(context): Context,
    member: SignedInMember,
    Ids(tenant, whose): Ids<TenantId, MemberId>,
) -> Result<HttpResponse, Problem> {
    tenants::remove_member(&server.app, &context, &member.caller, tenant, whose).await?;
    Ok(HttpResponse::NoContent().finish())
}
