//! Offers of merchants.

use mainstay_model::{
    Timestamp,
    offer::{Offer, OfferStatus},
    page::Page,
};
use mainstay_services::{
    Error,
    merchants::{NewOffer, OfferPatch},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    present,
    wallet::{Points, moment},
    word,
};

/// An offer, as operators see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Offer)]
pub(crate) struct OfferView {
    id: Uuid,
    merchant_id: Uuid,
    title: String,
    description: String,
    /// What it takes.
    points: i64,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// How often it can be had in all; none when there is no end to it.
    stock: Option<i64>,
    /// How often one member can have it.
    per_member_max: Option<i64>,
    /// `active` or `closed`.
    status: &'static str,
    /// How often it was had: confirmed, or still to be confirmed.
    taken: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Offer> for OfferView {
    fn from(offer: Offer) -> Self {
        Self {
            id: offer.id.uuid(),
            merchant_id: offer.merchant_id.uuid(),
            title: offer.title,
            description: offer.description,
            points: offer.points.points(),
            starts_at: offer.starts_at,
            ends_at: offer.ends_at,
            stock: offer.stock,
            per_member_max: offer.per_member_max,
            status: offer.status.as_str(),
            taken: offer.taken,
            created_at: offer.created_at,
            updated_at: offer.updated_at,
        }
    }
}

/// One page of a merchant's offers, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Offers)]
pub(crate) struct OffersView {
    items: Vec<OfferView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl From<Page<Offer>> for OffersView {
    fn from(page: Page<Offer>) -> Self {
        Self {
            items: page.items.into_iter().map(OfferView::from).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// An offer, as members see it.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenOffer)]
pub(crate) struct OpenOfferView {
    id: Uuid,
    merchant_id: Uuid,
    merchant_name: String,
    title: String,
    description: String,
    /// What it takes.
    points: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// How often it can still be had; none when there is no end to it.
    left: Option<i64>,
    /// How often one member can have it.
    per_member_max: Option<i64>,
}

/// One page of offers that can be redeemed now, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenOffers)]
pub(crate) struct OpenOffersView {
    items: Vec<OpenOfferView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl From<Page<(Offer, String)>> for OpenOffersView {
    fn from(page: Page<(Offer, String)>) -> Self {
        let view = |(offer, merchant_name): (Offer, String)| OpenOfferView {
            id: offer.id.uuid(),
            merchant_id: offer.merchant_id.uuid(),
            merchant_name,
            left: offer.left(),
            title: offer.title,
            description: offer.description,
            points: offer.points.points(),
            ends_at: offer.ends_at,
            per_member_max: offer.per_member_max,
        };
        Self {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// A new offer. Bounds that are left out are none.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewOffer)]
pub(crate) struct NewOfferBody {
    /// At most 100 characters.
    title: String,
    /// At most 2000 characters.
    #[serde(default)]
    description: String,
    /// What it takes: a whole number from 1 to 1000000000000.
    #[schema(value_type = i64)]
    points: Points,
    /// Now when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<String>,
    /// How often it can be had in all.
    #[schema(value_type = Option<i64>)]
    stock: Option<Points>,
    /// How often one member can have it.
    #[schema(value_type = Option<i64>)]
    per_member_max: Option<Points>,
}

impl NewOfferBody {
    pub(crate) fn offer(&self) -> Result<NewOffer<'_>, Error> {
        Ok(NewOffer {
            title: &self.title,
            description: &self.description,
            points: self.points.0,
            starts_at: moment("starts_at", self.starts_at.as_deref())?,
            ends_at: moment("ends_at", self.ends_at.as_deref())?,
            stock: count("stock", self.stock.as_ref())?,
            per_member_max: count("per_member_max", self.per_member_max.as_ref())?,
        })
    }
}

/// What to change about an offer; what is left out stays, and `null` lifts a bound.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OfferChange {
    title: Option<String>,
    description: Option<String>,
    /// Of redemptions from now on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    points: Option<Points>,
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    stock: Option<Option<Points>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    per_member_max: Option<Option<Points>>,
    /// `active` or `closed`.
    status: Option<String>,
}

impl OfferChange {
    pub(crate) fn patch(&self) -> Result<OfferPatch<'_>, Error> {
        let bound = |field, value: &Option<Option<Points>>| {
            value.as_ref().map(|value| count(field, value.as_ref())).transpose()
        };
        Ok(OfferPatch {
            title: self.title.as_deref(),
            description: self.description.as_deref(),
            points: self.points.as_ref().map(|points| points.0),
            starts_at: moment("starts_at", self.starts_at.as_deref())?,
            ends_at: self.ends_at.as_ref().map(|end| moment("ends_at", end.as_deref())).transpose()?,
            stock: bound("stock", &self.stock)?,
            per_member_max: bound("per_member_max", &self.per_member_max)?,
            status: self.status.as_deref().map(|text| word::<OfferStatus>("status", text)).transpose()?,
        })
    }
}

fn count(field: &'static str, number: Option<&Points>) -> Result<Option<i64>, Error> {
    let whole =
        |points: &Points| points.0.ok_or_else(|| Error::field(field, "invalid", "must be a whole number"));
    number.map(whole).transpose()
}
