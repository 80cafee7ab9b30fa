//! Merchants, and points that are held for them.

use mainstay_model::{
    MerchantId, Timestamp,
    ledger::Account,
    merchant::{Merchant, MerchantStatus},
    page::Page,
};
use mainstay_services::{Error, merchants::MerchantPatch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{present, wallet::Points, word};

/// A merchant at whom members spend points.
#[derive(Serialize, ToSchema)]
#[schema(as = Merchant)]
pub(crate) struct MerchantView {
    id: Uuid,
    name: String,
    /// `active` or `closed`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Merchant> for MerchantView {
    fn from(merchant: Merchant) -> Self {
        Self {
            id: merchant.id.uuid(),
            name: merchant.name,
            status: merchant.status.as_str(),
            created_at: merchant.created_at,
            updated_at: merchant.updated_at,
        }
    }
}

/// One page of merchants, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Merchants)]
pub(crate) struct MerchantsView {
    items: Vec<MerchantView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl From<Page<Merchant>> for MerchantsView {
    fn from(page: Page<Merchant>) -> Self {
        Self {
            items: page.items.into_iter().map(MerchantView::from).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// A new merchant.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewMerchant {
    /// As members read it.
    pub(crate) name: String,
}

/// What to change about a merchant; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MerchantChange {
    name: Option<String>,
    /// `active` or `closed`: a closed one takes no redemptions and confirms none.
    status: Option<String>,
}

impl MerchantChange {
    pub(crate) fn patch(&self) -> Result<MerchantPatch<'_>, Error> {
        let status = self.status.as_deref().map(|text| word::<MerchantStatus>("status", text)).transpose()?;
        Ok(MerchantPatch { name: self.name.as_deref(), status })
    }
}

/// What a merchant has.
#[derive(Serialize, ToSchema)]
#[schema(as = MerchantWallet)]
pub(crate) struct MerchantWalletView {
    /// Points that were confirmed.
    balance: i64,
}

impl From<Account> for MerchantWalletView {
    fn from(account: Account) -> Self {
        Self { balance: account.balance }
    }
}

/// A new key of a merchant's till.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewMerchantKey {
    pub(crate) name: String,
}

/// Points of a member that are to be held for a merchant.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewMerchantHold {
    /// Who gets them when they are captured.
    #[schema(value_type = Uuid)]
    pub(crate) merchant_id: MerchantId,
    /// How many: a whole number from 1 to 1000000000000.
    #[schema(value_type = i64)]
    pub(crate) amount: Points,
    /// For how long: 10 seconds to 30 days.
    pub(crate) lasts_seconds: u64,
    /// Why, at most 200 characters.
    #[serde(default)]
    pub(crate) reason: String,
}

/// How many of the held points are spent.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CaptureBody {
    /// All when it is left out; what is left of them is free again.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub(crate) amount: Option<Points>,
}

/// Nothing more is to be said; the body is `{}`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReleaseBody {}
