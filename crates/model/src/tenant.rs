//! Tenants: companies or groups that own rows, and who belongs to them.

use crate::{MemberId, TenantId, Timestamp, text::state};

state! {
    /// What a member may do in one tenant. Ordered: a later role may do all that an earlier one may.
    pub enum TenantRole {
        /// Uses the tenant's data.
        Member = "member",
        /// Manages members.
        Admin = "admin",
        /// May do everything; a tenant always has one.
        Owner = "owner",
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Which.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A member's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The member.
    pub member_id: MemberId,
    /// What they may do there.
    pub role: TenantRole,
    /// Since when.
    pub created_at: Timestamp,
}
