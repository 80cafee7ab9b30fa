//! What operators and services do with members' wallets.

use mainstay_model::{
    Day, MemberId, TransferId,
    ledger::{AccountRef, Order, Settlement},
};
use serde_json::json;

use super::{
    IdempotencyKey, Outcome, Poster, Wish, checked_amount, member::settlement, posting, receipt,
    required_reason, unless_posted,
};
#[cfg(feature = "sabotage")]
use crate::sabotage::{self, Guard};
use crate::{
    App, Capability, Error, RequestContext, Result, audit,
    purchases::{granted_for, undo_grant},
};

/// A grant that is asked for.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// To whom.
    pub member_id: MemberId,
    /// How many points.
    pub amount: Option<i64>,
    /// Why, for the member and the books.
    pub reason: &'a str,
    /// Until the end of which day they can be spent; the deployment's rule when nothing is said.
    pub expires_on: Option<Day>,
}

/// Gives points to a member.
///
/// # Errors
/// [`crate::Code::NotFound`] when there is no such member, [`crate::Code::ValidationFailed`],
/// [`crate::Code::IdempotencyKeyReused`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn grant(
    app: &App,
    ctx: &RequestContext,
    poster: &Poster,
    key: &IdempotencyKey,
    wanted: Grant<'_>,
) -> Result<Outcome<Settlement>> {
    app.capabilities.require(Capability::Wallet)?;
    let (amount, reason) = (checked_amount("amount", wanted.amount)?, required_reason(wanted.reason)?);
    let today = Day::of(app.now());
    if wanted.expires_on.is_some_and(|day| day < today) {
        let refusal = Error::field("expires_on", "invalid", "must not be in the past");
        unless_posted(app, poster, key, refusal).await?;
    }
    let expires_on = wanted.expires_on.or_else(|| default_expiry(app, today));
    let order = Order::Grant { to: AccountRef::member(wanted.member_id), amount, expires_on };
    let posting = posting(app, poster, key, order, reason);
    let detail = json!({ "transfer": posting.id, "points": amount.points() });
    let subject = format!("member:{}", wanted.member_id);
    let event = audit::event(app, ctx, "wallet.granted", &poster.actor, subject, detail);
    let wish = Wish::from(posting).audited(event).for_member(wanted.member_id);
    settlement(receipt(app.postings.submit(wish).await?)?)
}

/// The last day of points that are granted today.
pub(crate) fn default_expiry(app: &App, today: Day) -> Option<Day> {
    app.settings.points_valid_days.map(|days| today.plus(i32::try_from(days).unwrap_or(i32::MAX)))
}

/// Undoes a transfer, whole.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::Conflict`] when it was undone before, can't be, or gave points for a purchase of which a
/// refund took a part back,
/// [`crate::Code::InsufficientPoints`] when the points were spent meanwhile, [`crate::Code::ValidationFailed`],
/// [`crate::Code::IdempotencyKeyReused`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn reverse(
    app: &App,
    ctx: &RequestContext,
    poster: &Poster,
    key: &IdempotencyKey,
    transfer_id: TransferId,
    reason: &str,
) -> Result<Outcome<Settlement>> {
    app.capabilities.require(Capability::Wallet)?;
    let order = Order::Reverse(transfer_id);
    #[cfg(feature = "sabotage")]
    let order =
        if sabotage::is_off(Guard::ReversalOnce) { given_back(app, transfer_id).await? } else { order };
    let posting = posting(app, poster, key, order, required_reason(reason)?);
    let (subject, detail) = (format!("transfer:{transfer_id}"), json!({ "reversal": posting.id }));
    let event = audit::event(app, ctx, "wallet.reversed", &poster.actor, subject, detail);
    let transfer = app.read().await?.transfer_by_id(transfer_id).await?;
    let of_purchase = transfer.as_ref().and_then(|transfer| Some((transfer, granted_for(transfer)?)));
    let posted = match of_purchase {
        Some((transfer, purchase)) => undo_grant(app, purchase, transfer, &posting, &event).await?,
        None => app.postings.submit(Wish::from(posting).audited(event)).await?,
    };
    settlement(receipt(posted)?)
}

/// What a transfer moved, back again, as if nobody kept in mind that it was.
#[cfg(feature = "sabotage")]
async fn given_back(app: &App, transfer_id: TransferId) -> Result<Order> {
    let transfer = app.read().await?.transfer_by_id(transfer_id).await?.ok_or_else(Error::not_found)?;
    let (kind, amount) = (mainstay_model::ledger::TransferKind::Transfer, transfer.amount);
    Ok(Order::Move { kind, from: transfer.credit, to: transfer.debit, amount })
}
