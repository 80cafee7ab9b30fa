//! Members claim purchases that nobody knew to be theirs: by the code on the receipt, or by an address that they proved since.

use mainstay_model::{
    CustomerLinkId, SecretHash,
    member::Member,
    page::{Page, PageRequest},
    purchase::{CustomerKey, CustomerKeyKind, CustomerLink, PurchaseRecord},
};
use mainstay_store::Tx;
use serde_json::json;

use super::{
    buyer::{code, source_of},
    settle::{Due, Terms, settle},
};
use crate::{
    App, Caller, Capability, Code, Error, RequestContext, Result, audit, limits,
    sabotage::{Guard, is_off},
};

/// How purchases are claimed.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// The code on the receipt; without one, what a proven address recognises.
    pub code: Option<String>,
    /// Whether later purchases with the same card or customer are the member's, too.
    pub remember: bool,
}

/// Makes purchases the caller's and answers them. An unknown code finds nothing, as a spent one does.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], [`Code::SessionEnded`], or the database is away.
pub async fn claim(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    claim: &Claim,
) -> Result<Vec<PurchaseRecord>> {
    app.capabilities.require(Capability::Purchases)?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let member = tx
            .member_by_id(caller.member_id)
            .await?
            .ok_or_else(|| Error::new(Code::SessionEnded, "This account is gone."))?;
        let hashes = hashes(app, &member, claim.code.as_deref());
        let names = tx.claimable_purchases(&hashes, limits::PURCHASES_CLAIMED_MAX).await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        tx.lock_purchase_names(&names).await?;
        // Whoever was here first has claimed it meanwhile.
        let found = tx.purchases_by_names(&names).await?.into_iter().flatten();
        let due: Vec<_> = found
            .filter(|(purchase, _)| purchase.claimed_at.is_none())
            .map(|(purchase, went_back)| Due { purchase, went_back, owner: Some(member.id), is_new: false })
            .collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = settle(&mut *tx, &Terms::of(app), due).await?;
        if claim.remember {
            remember(app, &mut *tx, &member, &claimed).await?;
        }
        let ids: Vec<_> = claimed.iter().map(|purchase| purchase.id).collect();
        if is_off(Guard::ClaimOnce) {
            let nobodys = |purchase: &PurchaseRecord| PurchaseRecord {
                member_id: None,
                claimed_at: None,
                ..purchase.clone()
            };
            tx.settle_purchases(&claimed.iter().map(nobodys).collect::<Vec<_>>()).await?;
        } else {
            tx.delete_purchase_keys(&ids).await?;
        }
        let detail =
            json!({ "purchases": ids, "by_code": claim.code.is_some(), "remembered": claim.remember });
        let told = audit::event(app, context, "purchase.claimed", &caller.actor(), "", detail);
        tx.append_audit_events(&[told]).await?;
        tx.commit().await?;
        Ok(claimed)
    })
    .await
}

fn hashes(app: &App, member: &Member, given: Option<&str>) -> Vec<SecretHash> {
    let known = match given {
        Some(text) => code(text).map(|value| CustomerKey { kind: CustomerKeyKind::Code, value }),
        None => member
            .email
            .as_ref()
            .filter(|_| member.email_verified_at.is_some())
            .map(|email| CustomerKey { kind: CustomerKeyKind::Email, value: email.to_string() }),
    };
    known.iter().map(|known| app.buyer_key.hash("", known)).collect()
}

/// Links cards and customers of claimed purchases, as far as they are nobody's yet and there is room.
async fn remember(app: &App, tx: &mut dyn Tx, member: &Member, claimed: &[PurchaseRecord]) -> Result<()> {
    let mut room = limits::CUSTOMER_LINKS_MAX.saturating_sub(tx.customer_links(member.id).await?.len());
    for purchase in claimed {
        for (hash, kind) in tx.purchase_keys(purchase.id).await? {
            let Some(source) = source_of(&purchase.source, kind).filter(|_| room > 0) else { continue };
            let link = CustomerLink {
                id: CustomerLinkId::new(app.new_uuid()),
                member_id: member.id,
                source: Some(source.to_owned()),
                kind,
                hash,
                created_at: app.now(),
            };
            tx.insert_customer_link(&link).await?;
            room -= 1;
        }
    }
    Ok(())
}

/// Lists the caller's purchases, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], or the database is away.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<PurchaseRecord>> {
    app.capabilities.require(Capability::Purchases)?;
    let page = PageRequest { limit: page.limit.clamp(1, limits::PAGE_ITEMS_MAX), ..page };
    Ok(app.read().await?.purchases_of_member(caller.member_id, page).await?)
}
