//! Redeeming: the points are held, the merchant's confirmation captures them, cancelling and time give them back. All of that is the
//! ledger's doing, in one transaction with the code; a redemption has no state of its own that could disagree.

use mainstay_model::{
    MemberId, MerchantId, OfferId, RedemptionId,
    audit::Actor,
    ledger::{AccountRef, Hold, Order, Posting, Settlement},
    merchant::Merchant,
    offer::Offer,
    page::{Page, PageRequest},
    redemption::{CODE_BYTES, Redemption, RedemptionCode, RedemptionState},
    service_key::ServiceKey,
};
use mainstay_store::{Posted, Receipt, RedemptionInserted, Tx};

use super::merchant::{bounded, get, require_active};
use crate::{
    App, Caller, Capability, Code, Error, Result,
    crypto::Purpose,
    identity::lenient,
    limits,
    sabotage::{Guard, is_off},
    wallet::{IdempotencyKey, Outcome, Poster, count_posted, posting, receipt, system_key, unless_posted},
};

/// Label of the keyed hash of codes.
const CODE_LABEL: &str = "mainstay/redemption-code";

/// A redemption that its merchant confirmed.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// What was confirmed.
    pub redemption: Redemption,
    /// The points that are the merchant's now.
    pub settlement: Settlement,
}

/// Takes an offer: holds its points for the merchant, and makes a code. `shown` is the price that the member was shown, if that is
/// known.
///
/// # Errors
/// [`Code::NotFound`]; [`Code::PriceChanged`] when it costs something else than was shown, and [`Code::Conflict`] when the offer or its
/// merchant is closed, nothing is left, or the member had it often enough: then the key stays unused.
/// [`Code::InsufficientPoints`], [`Code::IdempotencyKeyReused`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn redeem(
    app: &App,
    caller: &Caller,
    key: &IdempotencyKey,
    offer_id: OfferId,
    shown: Option<i64>,
) -> Result<Outcome<Redemption>> {
    app.capabilities.require(Capability::Wallet)?;
    app.retrying(|| redeem_once(app, caller, key, offer_id, shown)).await
}

async fn redeem_once(
    app: &App,
    caller: &Caller,
    key: &IdempotencyKey,
    offer_id: OfferId,
    shown: Option<i64>,
) -> Result<Outcome<Redemption>> {
    let mut tx = app.write().await?;
    // The offer before the accounts: everybody who needs both locks in this order.
    let offer = tx.lock_offer(offer_id).await?.ok_or_else(Error::not_found)?;
    let merchant = tx.merchant_by_id(offer.merchant_id).await?.ok_or_else(Error::not_found)?;
    let allowed = check(&mut *tx, app, &offer, &merchant, caller.member_id, shown).await?;
    let order = Order::Hold {
        from: AccountRef::member(caller.member_id),
        to: merchant.account(),
        amount: offer.points,
        expires_at: app.now() + limits::REDEMPTION_TTL,
    };
    let posting = posting(app, &Poster::from(caller), key, order, offer.title.clone());
    let posting = Posting { cause: format!("offer:{offer_id}"), ..posting };
    let posted = tx.post(std::slice::from_ref(&posting)).await?;
    let posted = posted.into_iter().next().ok_or_else(|| Error::internal("a posting had no outcome"))?;
    let is_new =
        matches!(posted, Posted::Done { is_replay: false, .. } | Posted::Refused { is_replay: false, .. });
    if is_new {
        // The same request of before is answered as before, whatever is left of the offer by now. A new one may not be made, and
        // the posting goes with the transaction.
        allowed?;
    }
    count_posted(&posted);
    let outcome = match receipt(posted) {
        Ok(outcome) => outcome,
        Err(refused) => {
            // What the ledger refused stays the answer under its key.
            tx.commit().await?;
            return Err(refused);
        }
    };
    let hold = held(outcome.receipt)?;
    if outcome.is_replay {
        let id = RedemptionId::new(hold.id.uuid());
        let redemption = tx.redemption_by_id(caller.member_id, id).await?;
        let receipt = redemption.ok_or_else(|| Error::internal("a hold has no redemption"))?;
        return Ok(Outcome { receipt, is_replay: true });
    }
    let redemption = insert(&mut *tx, app, offer_id, hold).await?;
    tx.commit().await?;
    Ok(Outcome { receipt: redemption, is_replay: false })
}

/// Whether a locked offer may be taken by a member. What is given back but was not yet looked after counts as taken.
async fn check(
    tx: &mut dyn Tx,
    app: &App,
    offer: &Offer,
    merchant: &Merchant,
    member_id: MemberId,
    shown: Option<i64>,
) -> Result<Result<()>> {
    let refuse = |detail: &'static str| Ok(Err(Error::new(Code::Conflict, detail)));
    if let Err(refused) = require_active(merchant) {
        return Ok(Err(refused));
    }
    if !offer.is_open_at(app.now()) {
        return refuse("The offer is not open.");
    }
    let is_dearer_or_cheaper = shown.is_some_and(|points| points != offer.points.points());
    if is_dearer_or_cheaper && !is_off(Guard::ShownPrice) {
        return Ok(Err(Error::new(
            Code::PriceChanged,
            format!("This offer costs {} points by now.", offer.points.points()),
        )));
    }
    if offer.left() == Some(0) {
        return refuse("Nothing is left of this offer.");
    }
    if let Some(most) = offer.per_member_max
        && tx.count_taken_by_member(offer.id, member_id).await? >= most
    {
        return refuse("You had this offer as often as one member can.");
    }
    Ok(Ok(()))
}

/// Writes it down with a code that no other has.
async fn insert(tx: &mut dyn Tx, app: &App, offer_id: OfferId, hold: Hold) -> Result<Redemption> {
    for _ in 0..limits::CODE_DRAWS_MAX {
        let mut bytes = [0; CODE_BYTES];
        app.ports.random.fill(&mut bytes);
        let redemption = Redemption {
            offer_id,
            code_hash: app.sealer.mac(CODE_LABEL, &bytes),
            sealed_code: app.sealer.seal(&*app.ports.random, Purpose::RedemptionCode, &bytes),
            hold: hold.clone(),
        };
        if tx.insert_redemption(&redemption).await? == RedemptionInserted::Inserted {
            return Ok(redemption);
        }
    }
    Err(Error::internal("every code that was drawn is taken"))
}

/// The code of a redemption that can still be confirmed, for its member.
#[must_use]
pub fn code(app: &App, redemption: &Redemption) -> Option<RedemptionCode> {
    if redemption.state(app.now()) != RedemptionState::Open {
        return None;
    }
    let opened = app.sealer.open(Purpose::RedemptionCode, &redemption.sealed_code);
    opened.ok()?.try_into().ok().map(RedemptionCode::new)
}

/// Reads a member's redemption.
///
/// # Errors
/// [`Code::NotFound`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn redemption(app: &App, caller: &Caller, id: RedemptionId) -> Result<Redemption> {
    app.capabilities.require(Capability::Wallet)?;
    app.read().await?.redemption_by_id(caller.member_id, id).await?.ok_or_else(Error::not_found)
}

/// Lists a member's redemptions, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], or the database is away.
pub async fn redemptions(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Redemption>> {
    app.capabilities.require(Capability::Wallet)?;
    Ok(app.read().await?.redemptions_of_member(caller.member_id, bounded(page)).await?)
}

/// Lists a merchant's redemptions, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`Code::NotFound`] when there is no such merchant, [`Code::CapabilityUnavailable`], or the database is away.
pub async fn redemptions_of_merchant(
    app: &App,
    merchant_id: MerchantId,
    page: PageRequest,
) -> Result<Page<Redemption>> {
    let merchant = get(app, merchant_id).await?;
    Ok(app.read().await?.redemptions_of_merchant(merchant.id, bounded(page)).await?)
}

/// Takes a redemption back before it is confirmed. Once more is no different from once.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Conflict`] when it was confirmed, [`Code::CapabilityUnavailable`], or the database is away.
pub async fn cancel(app: &App, caller: &Caller, id: RedemptionId) -> Result<Redemption> {
    let before = redemption(app, caller, id).await?;
    let at = app.now();
    let posting = Posting {
        id: app.ports.random.uuid(at),
        // A hold ends once, so there is one answer to this for ever.
        key: system_key(&format!("redemption:cancel:{id}")),
        fingerprint: [0; 32],
        order: Order::Release(before.hold.id),
        reason: before.hold.reason,
        actor: Actor::Member(caller.member_id).to_text(),
        cause: cause(id),
        at,
    };
    let _ = app.postings.submit(posting).await?;
    let after = redemption(app, caller, id).await?;
    match after.state(at) {
        RedemptionState::Cancelled | RedemptionState::Expired => Ok(after),
        RedemptionState::Confirmed => Err(Error::new(Code::Conflict, "The merchant has confirmed it.")),
        RedemptionState::Open => Err(Error::internal("a hold that was to be released is held")),
    }
}

/// A merchant confirms a code: the points become the merchant's. Once; with the same key it is answered alike.
///
/// # Errors
/// [`Code::Forbidden`] when the key belongs to no merchant, [`Code::ValidationFailed`] for what is no code, [`Code::NotFound`] for
/// a code that is none of this merchant's, [`Code::RateLimited`], [`Code::Conflict`] when it was confirmed or cancelled
/// before, ran out, or the merchant is closed, [`Code::IdempotencyKeyReused`], [`Code::CapabilityUnavailable`], or the
/// database or the limiter is away.
pub async fn confirm(
    app: &App,
    service: &ServiceKey,
    key: &IdempotencyKey,
    code: &str,
) -> Result<Outcome<Confirmation>> {
    app.capabilities.require(Capability::Wallet)?;
    let merchant_id = service.merchant_id.ok_or_else(|| {
        Error::new(Code::Forbidden, "This key belongs to no merchant, and can confirm nothing.")
    })?;
    let code = RedemptionCode::parse(code)
        .ok_or_else(|| Error::field("code", "invalid", "must be the 8 characters that the member shows"))?;
    let bucket = format!("redemption-code/{}", service.id);
    admit(app, &bucket).await?;
    let Some(redemption) = find(app, merchant_id, &code).await? else {
        lenient(app, app.ports.limiter.record_failure(&bucket, limits::WRONG_CODES).await)?;
        return Err(Error::not_found());
    };
    if let Err(closed) = require_active(&get(app, merchant_id).await?) {
        unless_posted(app, &Poster::from(service.id), key, closed).await?;
    }
    let order = Order::Capture { hold: redemption.hold.id, amount: None };
    let posting = posting(app, &Poster::from(service.id), key, order, redemption.hold.reason.clone());
    let posting = Posting { cause: cause(redemption.id()), ..posting };
    let outcome = receipt(app.postings.submit(posting).await?).map_err(|refused| match refused.code {
        Code::Conflict => {
            Error::new(Code::Conflict, "This code was confirmed or cancelled before, or ran out.")
        }
        _ => refused,
    })?;
    let Outcome { receipt, is_replay } = outcome;
    if !is_replay {
        // Not for a code that was confirmed before: with one of those in hand, others could be tried out for nothing.
        if let Err(error) = app.ports.limiter.clear_failures(&bucket).await {
            tracing::warn!(error = %error, "failures could not be forgotten");
        }
    }
    match receipt {
        Receipt::Transfer(settlement) => {
            let receipt = Confirmation { redemption, settlement: *settlement };
            Ok(Outcome { receipt, is_replay })
        }
        Receipt::Hold(_) => Err(Error::internal("a confirmation came to a hold")),
    }
}

/// Codes are short, so trying them out is slow: so many confirmations a minute in all, and a wait after many wrong ones.
async fn admit(app: &App, bucket: &str) -> Result<()> {
    let taken = lenient(app, app.ports.limiter.take(bucket, limits::CONFIRMATIONS_PER_KEY).await)?;
    let wait = taken.filter(|decision| !decision.allowed).map(|decision| decision.retry_after);
    let wait = match wait {
        Some(wait) => wait,
        None => lenient(app, app.ports.limiter.backoff_remaining(bucket).await)?.unwrap_or_default(),
    };
    if wait.is_zero() {
        return Ok(());
    }
    let detail = "Too many codes were tried with this key. Wait a little.";
    Err(Error::new(Code::RateLimited, detail).retry_after(wait))
}

/// By the hash under any key that is still here, so that exchanging the key spoils no code.
async fn find(app: &App, merchant_id: MerchantId, code: &RedemptionCode) -> Result<Option<Redemption>> {
    let mut tx = app.read().await?;
    for hash in app.sealer.macs(CODE_LABEL, code.bytes()) {
        if let Some(found) = tx.redemption_by_code(merchant_id, &hash).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn held(receipt: Receipt) -> Result<Hold> {
    match receipt {
        Receipt::Hold(hold) => Ok(*hold),
        Receipt::Transfer(_) => Err(Error::internal("a redemption came to a transfer")),
    }
}

fn cause(id: RedemptionId) -> String {
    format!("redemption:{id}")
}
