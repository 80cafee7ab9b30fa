//! Holds that services make: points that are set aside for somebody, and then spent or freed.

use std::time::Duration;

use mainstay_model::{
    HoldId, MemberId,
    ledger::{AccountRef, Amount, Hold, HoldState, Order, Posting, Settlement},
};
use mainstay_store::Receipt;
use serde_json::json;

use super::{
    IdempotencyKey, Outcome, Poster, Wish, checked_amount, checked_reason, member::settlement, posting,
    receipt,
};
use crate::{
    App, Capability, Error, RequestContext, Result, audit, limits,
    sabotage::{self, Guard},
};

/// What the actor of a hold begins with that a service made; whichever key it was, since keys are exchanged.
const SERVICE_ACTOR: &str = "service:";

/// A hold that is asked for.
#[derive(Clone, Debug)]
pub struct NewHold<'a> {
    /// Whose points.
    pub member_id: MemberId,
    /// Who gets them when they are captured.
    pub to: AccountRef,
    /// How many points.
    pub amount: Option<i64>,
    /// For how long.
    pub lasts: Duration,
    /// Why.
    pub reason: &'a str,
}

/// Holds points of a member.
///
/// # Errors
/// [`crate::Code::InsufficientPoints`], [`crate::Code::NotFound`] when there is no such member,
/// [`crate::Code::ValidationFailed`], [`crate::Code::IdempotencyKeyReused`], [`crate::Code::CapabilityUnavailable`], or the
/// database is away.
pub async fn hold(
    app: &App,
    poster: &Poster,
    key: &IdempotencyKey,
    wanted: NewHold<'_>,
) -> Result<Outcome<Hold>> {
    app.capabilities.require(Capability::Wallet)?;
    let (amount, reason) = (checked_amount("amount", wanted.amount)?, checked_reason(wanted.reason)?);
    if wanted.lasts < limits::HOLD_TIME_MIN || wanted.lasts > limits::HOLD_TIME_MAX {
        let (least, most) = (limits::HOLD_TIME_MIN.as_secs(), limits::HOLD_TIME_MAX.as_secs());
        return Err(Error::field("lasts_seconds", "invalid", format!("must be from {least} to {most}")));
    }
    let order = Order::Hold {
        from: AccountRef::member(wanted.member_id),
        to: wanted.to,
        amount: if sabotage::is_off(Guard::HoldAmount) { Amount::new(1).unwrap_or(amount) } else { amount },
        expires_at: app.now() + wanted.lasts,
    };
    let posting = posting(app, poster, key, order, reason);
    let wish = Wish::from(posting).for_member(wanted.member_id);
    held(receipt(app.postings.submit(wish).await?)?)
}

/// Spends points that are held: all of them, or some, and then the rest is free again.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::Conflict`] when they are not held any more,
/// [`crate::Code::InsufficientPoints`] when that are more than are held, [`crate::Code::ValidationFailed`],
/// [`crate::Code::IdempotencyKeyReused`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn capture(
    app: &App,
    poster: &Poster,
    key: &IdempotencyKey,
    hold: HoldId,
    amount: Option<Option<i64>>,
) -> Result<Outcome<Settlement>> {
    app.capabilities.require(Capability::Wallet)?;
    let amount = amount.map(|points| checked_amount("amount", points)).transpose()?;
    let held = hold_by_id(app, hold).await?;
    let posting = posting(app, poster, key, Order::Capture { hold, amount }, held.reason);
    let posting = Posting { cause: cause(hold), ..posting };
    settlement(receipt(app.postings.submit(posting).await?)?)
}

/// Frees points that are held.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::Conflict`] when they are not held any more,
/// [`crate::Code::IdempotencyKeyReused`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn release(
    app: &App,
    context: &RequestContext,
    poster: &Poster,
    key: &IdempotencyKey,
    hold: HoldId,
) -> Result<Outcome<Hold>> {
    let before = hold_by_id(app, hold).await?;
    let posting = posting(app, poster, key, Order::Release(hold), String::new());
    // No transfer tells who freed them.
    let (subject, detail) = (cause(hold), json!({ "points": before.amount.points() }));
    let event = audit::event(app, context, "wallet.released", &poster.actor, subject, detail);
    held(receipt(app.postings.submit(Wish::from(posting).audited(event)).await?)?)
}

/// What the postings of a hold are caused by.
fn cause(hold: HoldId) -> String {
    format!("hold:{hold}")
}

/// Reads a hold that a service made. Those of redemptions are not among them: what becomes of these is up to the member and the
/// merchant.
///
/// # Errors
/// [`crate::Code::NotFound`], [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn hold_by_id(app: &App, id: HoldId) -> Result<Hold> {
    app.capabilities.require(Capability::Wallet)?;
    let hold = app.read().await?.hold_by_id(id).await?.ok_or_else(Error::not_found)?;
    if hold.actor.starts_with(SERVICE_ACTOR) { Ok(hold) } else { Err(Error::not_found()) }
}

/// A member's holds, newest first, before the one given; at most [`limits::PAGE_ITEMS_MAX`].
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn holds(
    app: &App,
    member_id: MemberId,
    state: Option<HoldState>,
    before: Option<HoldId>,
    limit: u32,
) -> Result<Vec<Hold>> {
    app.capabilities.require(Capability::Wallet)?;
    let limit = limit.clamp(1, limits::PAGE_ITEMS_MAX);
    Ok(app.read().await?.holds(AccountRef::member(member_id).id, state, before, limit).await?)
}

fn held(outcome: Outcome<Receipt>) -> Result<Outcome<Hold>> {
    let Outcome { receipt, is_replay } = outcome;
    match receipt {
        Receipt::Hold(hold) => Ok(Outcome { receipt: *hold, is_replay }),
        Receipt::Transfer(_) => Err(Error::internal("a posting came to a transfer instead of a hold")),
    }
}
