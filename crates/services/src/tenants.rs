//! Tenants (IDN-9): who belongs to one and what they may do there.
//!
//! Whatever reads or changes a tenant's data takes a [`TenantScope`], and only [`enter`] makes one; so no such code can forget to
//! ask whether the caller belongs. To strangers a tenant does not exist.

use mainstay_model::{
    MemberId, TenantId,
    tenant::{Membership, Tenant, TenantRole},
    text,
};
use mainstay_store::{MembershipChange, Tx};
use serde_json::{Value, json};

use crate::{
    App, Caller, Capability, Code, Error, RequestContext, Result, audit, limits,
    sabotage::{self, Guard},
};

/// Proof that a member belongs to a tenant.
#[derive(Clone, Debug)]
pub struct TenantScope {
    tenant: Tenant,
    role: TenantRole,
}

impl TenantScope {
    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What the member may do there.
    #[must_use]
    pub const fn role(&self) -> TenantRole {
        self.role
    }

    /// Demands a role or a higher one.
    ///
    /// # Errors
    /// [`Code::Forbidden`].
    pub fn require(&self, role: TenantRole) -> Result<()> {
        if self.role >= role { Ok(()) } else { Err(forbidden()) }
    }
}

/// Enters a tenant.
///
/// # Errors
/// [`Code::NotFound`] unless the caller belongs to it; [`Code::CapabilityUnavailable`]; or the database is away.
pub async fn enter(app: &App, caller: &Caller, tenant_id: TenantId) -> Result<TenantScope> {
    app.capabilities.require(Capability::Tenants)?;
    let mut tx = app.read().await?;
    let role = role_in(&mut *tx, caller, tenant_id).await?;
    let tenant = tx.tenant_by_id(tenant_id).await?.ok_or_else(Error::not_found)?;
    Ok(TenantScope { tenant, role })
}

/// The caller's role; to strangers the tenant does not exist.
async fn role_in(tx: &mut dyn Tx, caller: &Caller, tenant_id: TenantId) -> Result<TenantRole> {
    match tx.membership(tenant_id, caller.member_id).await? {
        Some(membership) => Ok(membership.role),
        None if sabotage::is_off(Guard::TenantMembership) => Ok(TenantRole::Owner),
        None => Err(Error::not_found()),
    }
}

/// Makes a tenant that the caller owns.
///
/// # Errors
/// [`Code::ValidationFailed`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn create(app: &App, ctx: &RequestContext, caller: &Caller, name: &str) -> Result<Tenant> {
    app.capabilities.require(Capability::Tenants)?;
    let name =
        text::required_label(name, limits::LABEL_CHARS_MAX).map_err(|fault| Error::text("name", fault))?;
    let tenant = Tenant { id: TenantId::new(app.new_uuid()), name, created_at: app.now() };
    let owner = Membership {
        tenant_id: tenant.id,
        member_id: caller.member_id,
        role: TenantRole::Owner,
        created_at: tenant.created_at,
    };
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.insert_tenant(&tenant).await?;
        match tx.insert_membership(&owner).await? {
            MembershipChange::Done => {}
            MembershipChange::Missing | MembershipChange::Exists => return Err(Error::not_found()),
        }
        let event = audit::event(app, ctx, "tenant.created", &caller.actor(), subject(tenant.id), json!({}));
        tx.append_audit_events(&[event]).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(tenant)
}

/// The caller's tenants with the role in each, by name.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], or the database is away.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<(Tenant, TenantRole)>> {
    app.capabilities.require(Capability::Tenants)?;
    Ok(app.read().await?.tenants_of_member(caller.member_id).await?)
}

/// One tenant, with the caller's role.
///
/// # Errors
/// As [`enter`].
pub async fn get(app: &App, caller: &Caller, tenant_id: TenantId) -> Result<(Tenant, TenantRole)> {
    let scope = enter(app, caller, tenant_id).await?;
    Ok((scope.tenant, scope.role))
}

/// Who belongs to a tenant, with display names, oldest first.
///
/// # Errors
/// As [`enter`].
pub async fn members(app: &App, caller: &Caller, tenant_id: TenantId) -> Result<Vec<(Membership, String)>> {
    let scope = enter(app, caller, tenant_id).await?;
    Ok(app.read().await?.members_of_tenant(scope.tenant.id).await?)
}

/// Adds a member. Admins add up to their own role; only owners make owners.
///
/// # Errors
/// [`Code::Forbidden`]; [`Code::Conflict`] when they belong already; [`Code::NotFound`] for strangers and when there is no such
/// member; [`Code::CapabilityUnavailable`]; or the database is away.
pub async fn add_member(
    app: &App,
    ctx: &RequestContext,
    caller: &Caller,
    tenant_id: TenantId,
    member_id: MemberId,
    role: TenantRole,
) -> Result<Membership> {
    app.retrying(|| async {
        let mut change = Change::begin(app, caller, tenant_id).await?;
        change.require_power_over(role)?;
        let membership = Membership { tenant_id, member_id, role, created_at: app.now() };
        match change.tx.insert_membership(&membership).await? {
            MembershipChange::Done => {}
            MembershipChange::Missing => return Err(Error::not_found()),
            MembershipChange::Exists => {
                return Err(Error::new(Code::Conflict, "This member belongs to the tenant already."));
            }
        }
        let detail = json!({ "member": member_id, "role": role });
        change.commit(app, ctx, caller, "tenant.member_added", detail).await?;
        Ok(membership)
    })
    .await
}

/// Changes a member's role. Nobody touches a role above their own or gives one; a tenant keeps an owner.
///
/// # Errors
/// [`Code::Forbidden`]; [`Code::Conflict`] for the last owner; [`Code::NotFound`] for strangers and when the member does not belong
/// to it; [`Code::CapabilityUnavailable`]; or the database is away.
pub async fn change_role(
    app: &App,
    ctx: &RequestContext,
    caller: &Caller,
    tenant_id: TenantId,
    member_id: MemberId,
    role: TenantRole,
) -> Result<Membership> {
    app.retrying(|| async {
        let mut change = Change::begin(app, caller, tenant_id).await?;
        let before = change.tx.membership(tenant_id, member_id).await?;
        // Whether somebody belongs to it is for those to know who may look; this caller does.
        let before = before.ok_or_else(Error::not_found)?;
        change.require_power_over(before.role.max(role))?;
        if before.role == TenantRole::Owner && role != TenantRole::Owner {
            change.keep_an_owner().await?;
        }
        if change.tx.update_membership(tenant_id, member_id, role).await? != MembershipChange::Done {
            return Err(Error::not_found());
        }
        let detail = json!({ "member": member_id, "from": before.role, "to": role });
        change.commit(app, ctx, caller, "tenant.member_role_changed", detail).await?;
        Ok(Membership { role, ..before })
    })
    .await
}

/// Removes a member; anybody may remove themselves. A tenant keeps an owner.
///
/// # Errors
/// As [`change_role`].
pub async fn remove_member(
    app: &App,
    ctx: &RequestContext,
    caller: &Caller,
    tenant_id: TenantId,
    member_id: MemberId,
) -> Result<()> {
    app.retrying(|| async {
        let mut change = Change::begin(app, caller, tenant_id).await?;
        let before = change.tx.membership(tenant_id, member_id).await?.ok_or_else(Error::not_found)?;
        if member_id != caller.member_id {
            change.require_power_over(before.role)?;
        }
        if before.role == TenantRole::Owner {
            change.keep_an_owner().await?;
        }
        change.tx.delete_membership(tenant_id, member_id).await?;
        change.commit(app, ctx, caller, "tenant.member_removed", json!({ "member": member_id })).await
    })
    .await
}

/// A change of a tenant's memberships under way, with the tenant locked: two owners can't both leave at once.
struct Change {
    tx: Box<dyn Tx>,
    tenant_id: TenantId,
    role: TenantRole,
}

impl Change {
    async fn begin(app: &App, caller: &Caller, tenant_id: TenantId) -> Result<Self> {
        app.capabilities.require(Capability::Tenants)?;
        let mut tx = app.write().await?;
        tx.lock_tenant(tenant_id).await?.ok_or_else(Error::not_found)?;
        let role = role_in(&mut *tx, caller, tenant_id).await?;
        Ok(Self { tx, tenant_id, role })
    }

    /// Admins and owners manage roles up to their own.
    fn require_power_over(&self, role: TenantRole) -> Result<()> {
        let may = self.role >= TenantRole::Admin && self.role >= role;
        if may || sabotage::is_off(Guard::TenantRole) { Ok(()) } else { Err(forbidden()) }
    }

    /// Refuses to take one owner away when there is no other.
    async fn keep_an_owner(&mut self) -> Result<()> {
        if self.tx.count_owners(self.tenant_id).await? > 1 {
            return Ok(());
        }
        Err(Error::new(Code::Conflict, "A tenant needs an owner. Make somebody else an owner first."))
    }

    async fn commit(
        mut self,
        app: &App,
        ctx: &RequestContext,
        caller: &Caller,
        action: &'static str,
        detail: Value,
    ) -> Result<()> {
        let event = audit::event(app, ctx, action, &caller.actor(), subject(self.tenant_id), detail);
        self.tx.append_audit_events(&[event]).await?;
        Ok(self.tx.commit().await?)
    }
}

fn subject(id: TenantId) -> String {
    format!("tenant:{id}")
}

fn forbidden() -> Error {
    Error::new(Code::Forbidden, "Your role in this tenant does not allow that.")
}
