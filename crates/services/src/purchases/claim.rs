//! Members claim purchases that nobody knew to be theirs: by the code on the receipt, or by an address that they proved since.

use mainstay_model::{
    CustomerLinkId, SecretHash,
    member::Member,
    page::{Page, PageRequest},
    purchase::{CustomerKey, CustomerKeyKind, CustomerLink, PurchaseRecord},
};
use mainstay_store::{CustomerLinked, Tx};
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
            // Locked, so that links made at once do not pass their bound together.
            .lock_member(caller.member_id)
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
        let linked = if claim.remember { remember(app, &mut *tx, &member, &claimed).await? } else { 0 };
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
        let detail = json!({ "purchases": ids, "by_code": claim.code.is_some(), "linked": linked });
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

/// Links cards and customers of claimed purchases, as far as they are nobody's yet and there is room. Answers how many it linked.
///
/// A purchase that names an address links only for who has proven that one: whoever came by somebody's code has that purchase, and
/// must not have all later ones of that buyer, too.
async fn remember(app: &App, tx: &mut dyn Tx, member: &Member, claimed: &[PurchaseRecord]) -> Result<usize> {
    let mut linked = 0;
    let proven = hashes(app, member, None);
    let room = limits::CUSTOMER_LINKS_MAX.saturating_sub(tx.customer_links(member.id).await?.len());
    for purchase in claimed {
        let keys = tx.purchase_keys(purchase.id).await?;
        let is_email = |(_, kind): &&(SecretHash, CustomerKeyKind)| *kind == CustomerKeyKind::Email;
        if keys.iter().find(is_email).is_some_and(|(email, _)| !proven.contains(email)) {
            continue;
        }
        for (hash, kind) in keys {
            let Some(source) = source_of(&purchase.source, kind).filter(|_| linked < room) else { continue };
            let link = CustomerLink {
                id: CustomerLinkId::new(app.new_uuid()),
                member_id: member.id,
                source: Some(source.to_owned()),
                kind,
                hash,
                created_at: app.now(),
            };
            linked += usize::from(tx.insert_customer_link(&link).await? == CustomerLinked::Linked);
        }
    }
    Ok(linked)
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
