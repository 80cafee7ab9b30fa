//! Merchants themselves, for operators.

use mainstay_model::{
    MerchantId,
    audit::Actor,
    ledger::{Account, StatementLine},
    merchant::{Merchant, MerchantStatus},
    page::{Page, PageRequest},
    text,
};
use mainstay_store::StatementFilter;
use serde_json::json;

use crate::{App, Capability, Error, RequestContext, Result, audit, limits};

/// What to change about a merchant; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct MerchantPatch<'a> {
    /// As members read it.
    pub name: Option<&'a str>,
    /// Whether points can be spent there.
    pub status: Option<MerchantStatus>,
}

/// Registers a merchant.
///
/// # Errors
/// [`crate::Code::ValidationFailed`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn create(app: &App, ctx: &RequestContext, actor: &Actor, name: &str) -> Result<Merchant> {
    app.capabilities.require(Capability::Wallet)?;
    let (name, now) = (checked_name(name)?, app.now());
    let id = MerchantId::new(app.ports.random.uuid(now));
    let merchant = Merchant { id, name, status: MerchantStatus::Active, created_at: now, updated_at: now };
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.insert_merchant(&merchant).await?;
        let event = audit::event(app, ctx, "merchant.created", actor, subject(id), json!({}));
        tx.append_audit_events(&[event]).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(merchant)
}

/// Reads a merchant.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn get(app: &App, id: MerchantId) -> Result<Merchant> {
    app.capabilities.require(Capability::Wallet)?;
    app.read().await?.merchant_by_id(id).await?.ok_or_else(Error::not_found)
}

/// Lists merchants, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn list(app: &App, page: PageRequest) -> Result<Page<Merchant>> {
    app.capabilities.require(Capability::Wallet)?;
    Ok(app.read().await?.merchants(bounded(page)).await?)
}

/// Changes a merchant. One that is closed takes no redemptions and confirms none; open ones run out, and their points come back.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::ValidationFailed`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn update(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    id: MerchantId,
    patch: MerchantPatch<'_>,
) -> Result<Merchant> {
    app.capabilities.require(Capability::Wallet)?;
    let name = patch.name.map(checked_name).transpose()?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let before = tx.lock_merchant(id).await?.ok_or_else(Error::not_found)?;
        let merchant = Merchant {
            name: name.clone().unwrap_or(before.name),
            status: patch.status.unwrap_or(before.status),
            updated_at: app.now(),
            ..before
        };
        tx.update_merchant(&merchant).await?;
        let detail = json!({ "status": merchant.status });
        let event = audit::event(app, ctx, "merchant.changed", actor, subject(id), detail);
        tx.append_audit_events(&[event]).await?;
        tx.commit().await?;
        Ok(merchant)
    })
    .await
}

/// What a merchant has.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn account(app: &App, id: MerchantId) -> Result<Account> {
    let merchant = get(app, id).await?;
    let account = app.read().await?.ledger_account(merchant.account().id).await?;
    Ok(account.unwrap_or(Account::untouched(merchant.account())))
}

/// A merchant's statement, newest first.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn statement(app: &App, id: MerchantId, filter: StatementFilter) -> Result<Vec<StatementLine>> {
    let merchant = get(app, id).await?;
    let limit = filter.limit.clamp(1, limits::STATEMENT_LINES_MAX);
    let filter = StatementFilter { limit, ..filter };
    Ok(app.read().await?.statement(merchant.account().id, &filter).await?)
}

/// A merchant at whom points can be spent.
pub(super) fn require_active(merchant: &Merchant) -> Result<()> {
    match merchant.status {
        MerchantStatus::Active => Ok(()),
        MerchantStatus::Closed => {
            Err(Error::new(crate::Code::Conflict, "The merchant takes no points any more."))
        }
    }
}

pub(super) fn bounded(page: PageRequest) -> PageRequest {
    PageRequest { limit: page.limit.clamp(1, limits::PAGE_ITEMS_MAX), ..page }
}

fn checked_name(name: &str) -> Result<String> {
    text::required_label(name, limits::LABEL_CHARS_MAX).map_err(|fault| Error::text("name", fault))
}

fn subject(id: MerchantId) -> String {
    format!("merchant:{id}")
}
