//! Redemptions of offers.

use mainstay_model::{OfferId, Timestamp, page::Page, redemption::Redemption};
use mainstay_services::{
    App,
    merchants::{self, Confirmation},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An offer that is taken.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewRedemption {
    #[schema(value_type = Uuid)]
    pub(crate) offer_id: OfferId,
    /// What the member was shown that it costs. When it costs something else by now, it is not taken.
    pub(crate) points: Option<i64>,
}

/// A member's own redemption.
#[derive(Serialize, ToSchema)]
#[schema(as = Redemption)]
pub(crate) struct RedemptionView {
    id: Uuid,
    offer_id: Uuid,
    merchant_id: Uuid,
    /// The offer's title when it was taken.
    title: String,
    points: i64,
    /// `open`, `confirmed`, `cancelled` or `expired`.
    state: &'static str,
    /// What the merchant is shown, while it is open.
    code: Option<String>,
    /// Nothing can be confirmed from then on, and the points come back.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was confirmed or cancelled, or its points came back.
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
}

impl RedemptionView {
    pub(crate) fn new(app: &App, redemption: Redemption) -> Self {
        Self {
            id: redemption.id().uuid(),
            offer_id: redemption.offer_id.uuid(),
            merchant_id: redemption.merchant_id().uuid(),
            points: redemption.hold.amount.points(),
            state: redemption.state(app.now()).as_str(),
            code: merchants::code(app, &redemption).map(|code| code.to_text()),
            expires_at: redemption.hold.expires_at,
            created_at: redemption.hold.created_at,
            settled_at: redemption.hold.settled_at,
            title: redemption.hold.reason,
        }
    }
}

/// One page of redemptions, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Redemptions)]
pub(crate) struct RedemptionsView {
    items: Vec<RedemptionView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl RedemptionsView {
    pub(crate) fn new(app: &App, page: Page<Redemption>) -> Self {
        Self {
            items: page.items.into_iter().map(|redemption| RedemptionView::new(app, redemption)).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// A redemption, as operators see it: without its code.
#[derive(Serialize, ToSchema)]
#[schema(as = MerchantRedemption)]
pub(crate) struct MerchantRedemptionView {
    id: Uuid,
    offer_id: Uuid,
    member_id: Uuid,
    /// The offer's title when it was taken.
    title: String,
    points: i64,
    /// `open`, `confirmed`, `cancelled` or `expired`.
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
}

/// One page of a merchant's redemptions, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = MerchantRedemptions)]
pub(crate) struct MerchantRedemptionsView {
    items: Vec<MerchantRedemptionView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl MerchantRedemptionsView {
    pub(crate) fn new(now: Timestamp, page: Page<Redemption>) -> Self {
        let view = |redemption: Redemption| MerchantRedemptionView {
            id: redemption.id().uuid(),
            offer_id: redemption.offer_id.uuid(),
            member_id: redemption.hold.from.id.uuid(),
            points: redemption.hold.amount.points(),
            state: redemption.state(now).as_str(),
            expires_at: redemption.hold.expires_at,
            created_at: redemption.hold.created_at,
            settled_at: redemption.hold.settled_at,
            title: redemption.hold.reason,
        };
        Self {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// A code that a member shows.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ShownCode {
    /// 8 characters; small letters, blanks and hyphens are fine.
    pub(crate) code: String,
}

/// A redemption that the merchant confirmed. It does not say whose it was.
#[derive(Serialize, ToSchema)]
#[schema(as = Confirmation)]
pub(crate) struct ConfirmationView {
    redemption_id: Uuid,
    offer_id: Uuid,
    /// The offer's title when it was taken: what the member is to be given.
    title: String,
    /// Points that are the merchant's now.
    points: i64,
    #[schema(value_type = String, format = DateTime)]
    confirmed_at: Timestamp,
}

impl From<Confirmation> for ConfirmationView {
    fn from(confirmation: Confirmation) -> Self {
        let Confirmation { redemption, settlement } = confirmation;
        Self {
            redemption_id: redemption.id().uuid(),
            offer_id: redemption.offer_id.uuid(),
            title: redemption.hold.reason,
            points: settlement.transfer.amount.points(),
            confirmed_at: settlement.transfer.created_at,
        }
    }
}
