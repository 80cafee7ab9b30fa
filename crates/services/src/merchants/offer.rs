//! Offers: made and changed by operators, seen by members.

use mainstay_model::{
    MerchantId, OfferId, Timestamp,
    audit::Actor,
    offer::{OFFER_COUNT_MAX, Offer, OfferStatus},
    page::{Page, PageRequest},
    text,
};
use serde_json::json;

use super::merchant::{bounded, get};
use crate::{App, Capability, Error, RequestContext, Result, audit, limits, wallet::checked_amount};

/// A new offer, as an operator gives it.
#[derive(Clone, Debug)]
pub struct NewOffer<'a> {
    /// In a few words.
    pub title: &'a str,
    /// In more words; may be empty.
    pub description: &'a str,
    /// What it takes.
    pub points: Option<i64>,
    /// Not before; now when nothing is said.
    pub starts_at: Option<Timestamp>,
    /// Not from then on.
    pub ends_at: Option<Timestamp>,
    /// How often it can be had in all.
    pub stock: Option<i64>,
    /// How often one member can have it.
    pub per_member_max: Option<i64>,
}

/// What to change about an offer; what is left out stays, and `Some(None)` lifts a bound.
#[derive(Clone, Debug, Default)]
pub struct OfferPatch<'a> {
    /// In a few words.
    pub title: Option<&'a str>,
    /// In more words.
    pub description: Option<&'a str>,
    /// What it takes, from now on.
    pub points: Option<Option<i64>>,
    /// Not before.
    pub starts_at: Option<Timestamp>,
    /// Not from then on.
    pub ends_at: Option<Option<Timestamp>>,
    /// How often it can be had in all.
    pub stock: Option<Option<i64>>,
    /// How often one member can have it.
    pub per_member_max: Option<Option<i64>>,
    /// Whether it can be had at all.
    pub status: Option<OfferStatus>,
}

/// Makes an offer of a merchant.
///
/// # Errors
/// [`crate::Code::NotFound`] when there is no such merchant, [`crate::Code::ValidationFailed`],
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn create_offer(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    merchant_id: MerchantId,
    new: NewOffer<'_>,
) -> Result<Offer> {
    let merchant = get(app, merchant_id).await?;
    let now = app.now();
    let offer = checked(Offer {
        id: OfferId::new(app.ports.random.uuid(now)),
        merchant_id: merchant.id,
        title: checked_title(new.title)?,
        description: checked_description(new.description)?,
        points: checked_amount("points", new.points)?,
        starts_at: new.starts_at.unwrap_or(now),
        ends_at: new.ends_at,
        stock: new.stock,
        per_member_max: new.per_member_max,
        status: OfferStatus::Active,
        taken: 0,
        created_at: now,
        updated_at: now,
    })?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.insert_offer(&offer).await?;
        let detail = json!({ "merchant": merchant.id, "points": offer.points.points() });
        let event = audit::event(app, ctx, "offer.created", actor, subject(offer.id), detail);
        tx.append_audit_events(&[event]).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(offer)
}

/// Reads an offer.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn offer(app: &App, id: OfferId) -> Result<Offer> {
    app.capabilities.require(Capability::Wallet)?;
    app.read().await?.offer_by_id(id).await?.ok_or_else(Error::not_found)
}

/// Lists a merchant's offers, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`crate::Code::NotFound`] when there is no such merchant, [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn offers(app: &App, merchant_id: MerchantId, page: PageRequest) -> Result<Page<Offer>> {
    let merchant = get(app, merchant_id).await?;
    Ok(app.read().await?.offers_of_merchant(merchant.id, bounded(page)).await?)
}

/// Lists what members can redeem now, with the merchants' names, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn list_open(app: &App, page: PageRequest) -> Result<Page<(Offer, String)>> {
    app.capabilities.require(Capability::Wallet)?;
    Ok(app.read().await?.open_offers(app.now(), bounded(page)).await?)
}

/// Changes an offer. Redemptions of before keep their title and their points.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::ValidationFailed`] also when more were taken than the stock would have,
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn update_offer(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    id: OfferId,
    patch: OfferPatch<'_>,
) -> Result<Offer> {
    app.capabilities.require(Capability::Wallet)?;
    let title = patch.title.map(checked_title).transpose()?;
    let description = patch.description.map(checked_description).transpose()?;
    let points = patch.points.map(|points| checked_amount("points", points)).transpose()?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let before = tx.lock_offer(id).await?.ok_or_else(Error::not_found)?;
        let offer = checked(Offer {
            title: title.clone().unwrap_or(before.title),
            description: description.clone().unwrap_or(before.description),
            points: points.unwrap_or(before.points),
            starts_at: patch.starts_at.unwrap_or(before.starts_at),
            ends_at: patch.ends_at.unwrap_or(before.ends_at),
            stock: patch.stock.unwrap_or(before.stock),
            per_member_max: patch.per_member_max.unwrap_or(before.per_member_max),
            status: patch.status.unwrap_or(before.status),
            updated_at: app.now(),
            ..before
        })?;
        tx.update_offer(&offer).await?;
        let detail = json!({ "status": offer.status, "points": offer.points.points() });
        let event = audit::event(app, ctx, "offer.changed", actor, subject(id), detail);
        tx.append_audit_events(&[event]).await?;
        tx.commit().await?;
        Ok(offer)
    })
    .await
}

/// An offer whose numbers and dates fit together.
fn checked(offer: Offer) -> Result<Offer> {
    if offer.ends_at.is_some_and(|end| end <= offer.starts_at) {
        return Err(Error::field("ends_at", "invalid", "must be after the start"));
    }
    if offer.stock.is_some_and(|stock| !(offer.taken..=OFFER_COUNT_MAX).contains(&stock)) {
        let taken = offer.taken;
        return Err(Error::field(
            "stock",
            "invalid",
            format!("must be a whole number from {taken}, which were taken, to {OFFER_COUNT_MAX}"),
        ));
    }
    if offer.per_member_max.is_some_and(|most| !(1..=OFFER_COUNT_MAX).contains(&most)) {
        return Err(Error::field(
            "per_member_max",
            "invalid",
            format!("must be a whole number from 1 to {OFFER_COUNT_MAX}"),
        ));
    }
    Ok(offer)
}

fn checked_title(title: &str) -> Result<String> {
    text::required_label(title, limits::OFFER_TITLE_CHARS_MAX).map_err(|fault| Error::text("title", fault))
}

fn checked_description(description: &str) -> Result<String> {
    if description.trim().is_empty() {
        return Ok(String::new());
    }
    text::body(description, limits::OFFER_DESCRIPTION_CHARS_MAX)
        .map_err(|fault| Error::text("description", fault))
}

fn subject(id: OfferId) -> String {
    format!("offer:{id}")
}
