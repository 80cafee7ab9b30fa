//! Tenants and their members.

use mainstay_model::{
    Timestamp,
    tenant::{Membership, Tenant, TenantRole},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant, as one of its members sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    id: Uuid,
    name: String,
    /// The caller's role there: `owner`, `admin` or `member`.
    role: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl TenantView {
    pub(crate) fn new(tenant: Tenant, role: TenantRole) -> Self {
        Self {
            id: tenant.id.uuid(),
            name: tenant.name,
            role: role.to_string(),
            created_at: tenant.created_at,
        }
    }
}

/// The caller's tenants.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenants)]
pub(crate) struct TenantsView {
    pub(crate) items: Vec<TenantView>,
}

/// A new tenant; its maker becomes its owner.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTenant {
    pub(crate) name: String,
}

/// A member's place in a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantMember)]
pub(crate) struct TenantMemberView {
    member_id: Uuid,
    /// Left out right after a change of role.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// `owner`, `admin` or `member`.
    role: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl TenantMemberView {
    pub(crate) fn new(membership: Membership, display_name: Option<String>) -> Self {
        Self {
            member_id: membership.member_id.uuid(),
            display_name,
            role: membership.role.to_string(),
            created_at: membership.created_at,
        }
    }
}

/// The members of a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantMembers)]
pub(crate) struct TenantMembersView {
    pub(crate) items: Vec<TenantMemberView>,
}

/// Takes a member into a tenant.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTenantMember {
    pub(crate) member_id: Uuid,
    /// `owner`, `admin` or `member`.
    pub(crate) role: String,
}

/// A new role.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TenantRoleChange {
    /// `owner`, `admin` or `member`.
    pub(crate) role: String,
}
