//! Purchases, rules and links.

use mainstay_model::{
    Timestamp,
    page::Page,
    purchase::{CustomerLink, PurchaseRecord, PurchaseRule},
};
use mainstay_services::{
    Error,
    purchases::{Claim, ForeignLink, NewRule},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::word;

/// A purchase, and what it came to.
#[derive(Serialize, ToSchema)]
#[schema(as = Purchase)]
pub(crate) struct PurchaseView {
    id: Uuid,
    /// The configured source that told of it.
    source: String,
    /// Where, as the source calls it.
    merchant: String,
    /// In minor units of the currency.
    amount: i64,
    /// Three letters (ISO 4217).
    currency: String,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// Points that were granted for it.
    points_granted: i64,
    /// Points of those that were taken back, because money went back.
    points_taken_back: i64,
    /// What of the amount went back.
    refunded: i64,
}

impl From<PurchaseRecord> for PurchaseView {
    fn from(purchase: PurchaseRecord) -> Self {
        Self {
            id: purchase.id.uuid(),
            source: purchase.source,
            merchant: purchase.merchant,
            amount: purchase.amount,
            currency: purchase.currency.to_string(),
            occurred_at: purchase.occurred_at,
            points_granted: purchase.granted,
            points_taken_back: purchase.taken_back,
            refunded: purchase.refunded,
        }
    }
}

/// One page of purchases, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Purchases)]
pub(crate) struct PurchasesView {
    items: Vec<PurchaseView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl From<Page<PurchaseRecord>> for PurchasesView {
    fn from(page: Page<PurchaseRecord>) -> Self {
        Self {
            items: page.items.into_iter().map(PurchaseView::from).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// How purchases are claimed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PurchaseClaim {
    /// The code on the receipt; without one, what the proven address recognises.
    #[serde(default)]
    code: Option<String>,
    /// Whether later purchases with the same card or customer account are yours, too.
    #[serde(default)]
    remember: bool,
}

impl From<PurchaseClaim> for Claim {
    fn from(claim: PurchaseClaim) -> Self {
        Self { code: claim.code, remember: claim.remember }
    }
}

/// What was claimed.
#[derive(Serialize, ToSchema)]
#[schema(as = ClaimedPurchases)]
pub(crate) struct ClaimedView {
    pub(crate) items: Vec<PurchaseView>,
}

/// Something by which purchases are recognised; never what it is itself.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerLink)]
pub(crate) struct CustomerLinkView {
    id: Uuid,
    /// The configured source that knows it; none when all share it.
    source: Option<String>,
    /// `card`, `customer`, `code` or `email`.
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<CustomerLink> for CustomerLinkView {
    fn from(link: CustomerLink) -> Self {
        Self {
            id: link.id.uuid(),
            source: link.source,
            kind: link.kind.as_str(),
            created_at: link.created_at,
        }
    }
}

/// All links of a member, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerLinks)]
pub(crate) struct CustomerLinksView {
    pub(crate) items: Vec<CustomerLinkView>,
}

/// A code for the till, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = MadePurchaseCode)]
pub(crate) struct MadeCodeView {
    pub(crate) link: CustomerLinkView,
    pub(crate) code: String,
}

/// What a source knows of a member.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCustomerLink {
    /// The configured source.
    source: String,
    /// `card` (its fingerprint), `customer` (its id) or `code`.
    kind: String,
    /// As the source writes it.
    value: String,
}

impl TryFrom<NewCustomerLink> for ForeignLink {
    type Error = Error;
    fn try_from(new: NewCustomerLink) -> Result<Self, Error> {
        Ok(Self { kind: word("kind", &new.kind)?, source: new.source, value: new.value })
    }
}

/// A new rule: so many points for so much.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPurchaseRule {
    /// For people; members read it as the reason of their points.
    name: String,
    /// Only purchases of this source.
    #[serde(default)]
    source: Option<String>,
    /// Only purchases at this merchant, as the source calls it.
    #[serde(default)]
    merchant: Option<String>,
    /// Only purchases in this currency: three letters (ISO 4217).
    currency: String,
    /// So many points
    points: i64,
    /// for so many minor units of the currency.
    per_amount: i64,
    /// At most so many points for one purchase.
    #[serde(default)]
    purchase_points_max: Option<i64>,
    /// At most so many points for all purchases of a member on one day (UTC).
    #[serde(default)]
    day_points_max: Option<i64>,
    /// Only purchases from then on.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// Only purchases before.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
}

impl TryFrom<NewPurchaseRule> for NewRule {
    type Error = Error;
    fn try_from(new: NewPurchaseRule) -> Result<Self, Error> {
        Ok(Self {
            currency: word("currency", &new.currency)?,
            name: new.name,
            source: new.source,
            merchant: new.merchant,
            points: new.points,
            per_amount: new.per_amount,
            purchase_points_max: new.purchase_points_max,
            day_points_max: new.day_points_max,
            starts_at: new.starts_at,
            ends_at: new.ends_at,
        })
    }
}

/// A rule.
#[derive(Serialize, ToSchema)]
#[schema(as = PurchaseRule)]
pub(crate) struct PurchaseRuleView {
    id: Uuid,
    name: String,
    source: Option<String>,
    merchant: Option<String>,
    currency: String,
    points: i64,
    per_amount: i64,
    purchase_points_max: Option<i64>,
    day_points_max: Option<i64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<PurchaseRule> for PurchaseRuleView {
    fn from(rule: PurchaseRule) -> Self {
        Self {
            id: rule.id.uuid(),
            name: rule.name,
            source: rule.source,
            merchant: rule.merchant,
            currency: rule.currency.to_string(),
            points: rule.points,
            per_amount: rule.per_amount,
            purchase_points_max: rule.purchase_points_max,
            day_points_max: rule.day_points_max,
            starts_at: rule.starts_at,
            ends_at: rule.ends_at,
            created_at: rule.created_at,
        }
    }
}

/// All rules, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = PurchaseRules)]
pub(crate) struct PurchaseRulesView {
    pub(crate) items: Vec<PurchaseRuleView>,
}
