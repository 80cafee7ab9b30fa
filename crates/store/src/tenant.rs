//! Tenants and memberships. No method reads a tenant's data without naming the tenant.

use async_trait::async_trait;
use mainstay_model::{
    MemberId, TenantId,
    tenant::{Membership, Tenant, TenantRole},
};

use crate::Result;

/// What became of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipChange {
    /// It is as asked.
    Done,
    /// There is no such member or membership.
    Missing,
    /// The member belongs to it already.
    Exists,
}

/// Tenants.
#[async_trait]
pub trait TenantStore: Send {
    /// Adds a tenant.
    async fn insert_tenant(&mut self, tenant: &Tenant) -> Result<()>;
    /// Reads one.
    async fn tenant_by_id(&mut self, id: TenantId) -> Result<Option<Tenant>>;
    /// Reads one and keeps other writers of its memberships out until the transaction ends. Write transactions only.
    async fn lock_tenant(&mut self, id: TenantId) -> Result<Option<Tenant>>;
    /// The tenants of a member with the role in each, by name; at most 1000.
    async fn tenants_of_member(&mut self, member_id: MemberId) -> Result<Vec<(Tenant, TenantRole)>>;
    /// The ids of a member's tenants in their order, beginning after one; at most `limit`.
    async fn tenant_ids_of_member(
        &mut self,
        member_id: MemberId,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantId>>;
    /// One member's place in one tenant.
    async fn membership(&mut self, tenant_id: TenantId, member_id: MemberId) -> Result<Option<Membership>>;
    /// A tenant's members with their display names, oldest first; at most 1000.
    async fn members_of_tenant(&mut self, tenant_id: TenantId) -> Result<Vec<(Membership, String)>>;
    /// Adds a membership.
    async fn insert_membership(&mut self, membership: &Membership) -> Result<MembershipChange>;
    /// Changes a role.
    async fn update_membership(
        &mut self,
        tenant_id: TenantId,
        member_id: MemberId,
        role: TenantRole,
    ) -> Result<MembershipChange>;
    /// Removes a membership.
    async fn delete_membership(
        &mut self,
        tenant_id: TenantId,
        member_id: MemberId,
    ) -> Result<MembershipChange>;
    /// How many owners a tenant has.
    async fn count_owners(&mut self, tenant_id: TenantId) -> Result<i64>;
}
