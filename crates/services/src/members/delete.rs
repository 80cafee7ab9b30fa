//! A member deletes their account: everything that hangs on it goes in one transaction, and providers are told afterwards.

use mainstay_model::{MemberId, TenantId, audit::Actor, identity::Identity, tenant::TenantRole};
use mainstay_store::{Error as StoreError, Tx};
use secrecy::SecretString;
use serde_json::json;

use crate::{
    App, Caller, Code, Error, RequestContext, Result, audit,
    crypto::Purpose,
    jobs::{self, Work},
    limits,
    sabotage::{self, Guard},
    sessions, wallet,
};

/// Deletes the caller's account with sessions, passkeys, identities, notes and memberships; the wallet is closed, and its points are
/// given up. Provider tokens are revoked by jobs.
/// The audit trail keeps the id and nothing else of them.
///
/// # Errors
/// [`Code::RecentSignInRequired`]; [`Code::Conflict`] while they are the only owner of a tenant that has other members;
/// [`Code::SessionEnded`] when the account is gone already; or the database is away.
pub async fn delete_self(app: &App, ctx: &RequestContext, caller: &Caller) -> Result<()> {
    caller.require_recent(app.now())?;
    if sabotage::is_off(Guard::AccountDeletion) {
        return Ok(());
    }
    let has_jobs = app.retrying(|| delete(app, ctx, caller)).await?;
    sessions::announce_member_changed(app, caller.member_id).await;
    if has_jobs {
        jobs::announce(app).await;
    }
    Ok(())
}

async fn delete(app: &App, ctx: &RequestContext, caller: &Caller) -> Result<bool> {
    let mut tx = app.write().await?;
    // Tenants before the member: whoever changes memberships locks in this order too.
    let left = leave_tenants(&mut *tx, caller).await?;
    // From here on nobody can add them to a tenant; an ordinary lock would let that through, up to the very removal.
    let member = tx.lock_member_and_references(caller.member_id).await?.ok_or_else(super::gone)?;
    let identities = tx.identities_of_member(member.id).await?;
    let work: Vec<Work> = identities.iter().filter_map(|identity| revocation(app, identity)).collect();
    if let Some(email) = &member.email {
        tx.delete_email_flows_of_address(email).await?;
    }
    // A tenant that they were added to meanwhile is not locked, and to lock it now would be the wrong order: all over again.
    if tenants(&mut *tx, member.id).await?.iter().any(|id| left.binary_search(id).is_err()) {
        return Err(contended());
    }
    wallet::close_wallet(app, &mut *tx, member.id).await?;
    tx.delete_member(member.id).await?;
    jobs::enqueue(app, &mut *tx, &work).await?;
    let actor = Actor::Member(member.id);
    let detail = json!({ "identities": identities.len() });
    let event = audit::event(app, ctx, "member.deleted", &actor, super::subject(member.id), detail);
    tx.append_audit_events(&[event]).await?;
    tx.commit().await?;
    Ok(!work.is_empty())
}

/// Locks every tenant of the member in the order of ids, whatever their role says: it may be raised before the lock is had.
/// Refuses while others would be left without an owner. A tenant in which the member was alone stays behind empty.
async fn leave_tenants(tx: &mut dyn Tx, caller: &Caller) -> Result<Vec<TenantId>> {
    let tenants = tenants(tx, caller.member_id).await?;
    for &tenant_id in &tenants {
        tx.lock_tenant(tenant_id).await?;
        let membership = tx.membership(tenant_id, caller.member_id).await?;
        let is_owner = membership.is_some_and(|membership| membership.role == TenantRole::Owner);
        if is_owner
            && tx.count_owners(tenant_id).await? == 1
            && tx.members_of_tenant(tenant_id).await?.len() > 1
        {
            return Err(Error::new(
                Code::Conflict,
                "You are the only owner of a tenant that has other members. Make somebody else an owner first.",
            ));
        }
    }
    Ok(tenants)
}

/// All of them, in the order of ids.
async fn tenants(tx: &mut dyn Tx, member_id: MemberId) -> Result<Vec<TenantId>> {
    let mut tenants = Vec::new();
    loop {
        let page = tx.tenant_ids_of_member(member_id, tenants.last().copied(), limits::TENANTS_BATCH).await?;
        let is_last = page.len() < limits::TENANTS_BATCH as usize;
        tenants.extend(page);
        if is_last {
            return Ok(tenants);
        }
    }
}

fn contended() -> Error {
    StoreError::Contention("a membership came in between".to_owned()).into()
}

fn revocation(app: &App, identity: &Identity) -> Option<Work> {
    let sealed = identity.sealed_token.as_deref()?;
    let opened =
        app.sealer.open(Purpose::ProviderToken, sealed).ok().and_then(|token| String::from_utf8(token).ok());
    if opened.is_none() {
        // The deletion is not held up; the provider forgets the token when the person revokes it there.
        tracing::error!(event = "member.provider_token_lost", identity = %identity.id);
    }
    Some(Work::RevokeProviderToken { provider: identity.provider, token: SecretString::from(opened?) })
}
