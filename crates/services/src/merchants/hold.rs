//! Points that a team's own back end holds for a merchant, without an offer.

use std::time::Duration;

use mainstay_model::{MemberId, MerchantId, ledger::Hold};

use super::merchant::require_active;
use crate::{
    App, Capability, Error, Result,
    wallet::{self, IdempotencyKey, NewHold, Outcome, Poster},
};

/// A hold for a merchant that is asked for.
#[derive(Clone, Debug)]
pub struct MerchantHold<'a> {
    /// Whose points.
    pub member_id: MemberId,
    /// Who gets them when they are captured.
    pub merchant_id: MerchantId,
    /// How many points.
    pub amount: Option<i64>,
    /// For how long.
    pub lasts: Duration,
    /// Why.
    pub reason: &'a str,
}

/// Holds points of a member for a merchant.
///
/// # Errors
/// As [`wallet::hold`]; [`crate::Code::ValidationFailed`] when there is no such merchant, [`crate::Code::Conflict`] when it is closed.
pub async fn hold(
    app: &App,
    poster: &Poster,
    key: &IdempotencyKey,
    wanted: MerchantHold<'_>,
) -> Result<Outcome<Hold>> {
    app.capabilities.require(Capability::Wallet)?;
    let merchant = app.read().await?.merchant_by_id(wanted.merchant_id).await?;
    let merchant =
        merchant.ok_or_else(|| Error::field("merchant_id", "unknown", "names no merchant that there is"))?;
    if let Err(closed) = require_active(&merchant) {
        wallet::unless_posted(app, poster, key, closed).await?;
    }
    let MerchantHold { member_id, amount, lasts, reason, .. } = wanted;
    let wanted = NewHold { member_id, to: merchant.account(), amount, lasts, reason };
    wallet::hold(app, poster, key, wanted).await
}
