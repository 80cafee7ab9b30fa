//! By what purchases of a member are recognised: codes that they make for themselves, and cards or customers that an operator or a
//! claimed purchase links.

use mainstay_model::{
    CustomerLinkId, MemberId,
    purchase::{CustomerKey, CustomerKeyKind, CustomerLink},
};
use mainstay_store::{CustomerLinked, Tx};
use serde_json::json;

use super::buyer::{code, source_of};
use crate::{App, Caller, Capability, Code, Error, RequestContext, Result, audit, limits};

/// Letters and digits of a code, without those that look alike.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 60 bits.
const CODE_CHARS: usize = 12;

/// A code that a member made. It is shown this once.
#[derive(Debug)]
pub struct MadeCode {
    /// The link.
    pub link: CustomerLink,
    /// The code, for the till.
    pub code: String,
}

/// Something of a member's that a source knows, as an operator tells it.
#[derive(Clone, Debug)]
pub struct ForeignLink {
    /// The configured source.
    pub source: String,
    /// What it is.
    pub kind: CustomerKeyKind,
    /// As the source writes it.
    pub value: String,
}

/// Makes a code for the caller: purchases that carry it are theirs.
///
/// # Errors
/// [`Code::Conflict`] when there are too many links, [`Code::CapabilityUnavailable`], or the database is away.
pub async fn make_code(app: &App, context: &RequestContext, caller: &Caller) -> Result<MadeCode> {
    app.capabilities.require(Capability::Purchases)?;
    let mut bytes = [0; CODE_CHARS];
    app.ports.random.fill(&mut bytes);
    let value: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(*byte % 32)])).collect();
    let known = CustomerKey { kind: CustomerKeyKind::Code, value: value.clone() };
    let link = insert(app, context, caller, caller.member_id, "", &known).await?;
    Ok(MadeCode { link, code: value })
}

/// Links what a source knows to a member, for an operator.
///
/// # Errors
/// [`Code::ValidationFailed`], [`Code::NotFound`] without such a member, [`Code::IdentityTaken`] when it is another's, [`Code::Conflict`] when there
/// are too many, [`Code::CapabilityUnavailable`], or the database is away.
pub async fn link_for(
    app: &App,
    context: &RequestContext,
    operator: &Caller,
    member_id: MemberId,
    foreign: &ForeignLink,
) -> Result<CustomerLink> {
    app.capabilities.require(Capability::Purchases)?;
    if app.settings.webhook_sources.get(&foreign.source).is_none() {
        return Err(Error::field("source", "unknown", "is no configured source"));
    }
    let value = match foreign.kind {
        CustomerKeyKind::Card | CustomerKeyKind::Customer => Some(foreign.value.trim().to_owned()),
        CustomerKeyKind::Code => code(&foreign.value),
        // A proven address links by itself, and no other may.
        CustomerKeyKind::Email => None,
    };
    let value =
        value.filter(|value| (1..=limits::CUSTOMER_KEY_CHARS_MAX).contains(&value.len())).ok_or_else(
            || Error::field("value", "invalid", "is nothing of this kind by which a buyer is recognised"),
        )?;
    insert(app, context, operator, member_id, &foreign.source, &CustomerKey { kind: foreign.kind, value })
        .await
}

async fn insert(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    member_id: MemberId,
    source: &str,
    known: &CustomerKey,
) -> Result<CustomerLink> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.lock_member(member_id).await?.ok_or_else(Error::not_found)?;
        require_room(&mut *tx, member_id).await?;
        let link = CustomerLink {
            id: CustomerLinkId::new(app.new_uuid()),
            member_id,
            source: source_of(source, known.kind).map(str::to_owned),
            kind: known.kind,
            hash: app.buyer_key.hash(source, known),
            created_at: app.now(),
        };
        if tx.insert_customer_link(&link).await? == CustomerLinked::Taken {
            return Err(Error::new(Code::IdentityTaken, "It is linked to another member."));
        }
        let detail = json!({ "kind": link.kind, "source": link.source });
        let subject = format!("member:{member_id}");
        let told = audit::event(app, context, "purchase.linked", &caller.actor(), subject, detail);
        tx.append_audit_events(&[told]).await?;
        tx.commit().await?;
        Ok(link)
    })
    .await
}

async fn require_room(tx: &mut dyn Tx, member_id: MemberId) -> Result<()> {
    if tx.customer_links(member_id).await?.len() < limits::CUSTOMER_LINKS_MAX {
        return Ok(());
    }
    let most = limits::CUSTOMER_LINKS_MAX;
    Err(Error::new(Code::Conflict, format!("There are {most} links already. Remove one first.")))
}

/// Lists the caller's links.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], or the database is away.
pub async fn links(app: &App, caller: &Caller) -> Result<Vec<CustomerLink>> {
    app.capabilities.require(Capability::Purchases)?;
    Ok(app.read().await?.customer_links(caller.member_id).await?)
}

/// Removes a link of the caller's. What was bought stays theirs.
///
/// # Errors
/// [`Code::NotFound`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn unlink(app: &App, context: &RequestContext, caller: &Caller, id: CustomerLinkId) -> Result<()> {
    app.capabilities.require(Capability::Purchases)?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        if !tx.delete_customer_link(caller.member_id, id).await? {
            return Err(Error::not_found());
        }
        let subject = format!("member:{}", caller.member_id);
        let told = audit::event(app, context, "purchase.unlinked", &caller.actor(), subject, json!({}));
        tx.append_audit_events(&[told]).await?;
        Ok(tx.commit().await?)
    })
    .await
}
