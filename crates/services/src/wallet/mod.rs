//! The wallet: points of members, moved by the ledger alone (WAL-1…6). Everything that changes a balance is a posting with a key of
//! its own, so that it happens once.

mod closing;
mod hold;
mod key;
mod member;
mod operator;
mod posting;
mod told;
mod upkeep;
mod verify;

use mainstay_model::{
    ServiceKeyId,
    audit::Actor,
    ledger::{Amount, Order, Posting, Refusal, RefusalKind, TransferKind},
    text,
};
pub use mainstay_store::StatementFilter;
use mainstay_store::{Posted, Receipt};

pub use self::{
    closing::close_days,
    hold::{NewHold, capture, hold, hold_by_id, holds, release},
    key::IdempotencyKey,
    member::{Balance, balance, balance_at, require_known, statement, transfer},
    operator::{Grant, grant, reverse},
    posting::PostingWriter,
    upkeep::{run_background, run_once},
    verify::{Fault, Verified, verify},
};
pub(crate) use self::{
    member::close_wallet,
    posting::{Wish, count_posted, posting_key, system_key},
    told::tell,
};
use crate::{
    App, Caller, Code, Error, Result, limits,
    sabotage::{self, Guard},
};

/// Who posts, and whose keys they use.
#[derive(Clone, Debug)]
pub struct Poster {
    actor: Actor,
    scope: uuid::Uuid,
}

impl From<&Caller> for Poster {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor(), scope: caller.member_id.uuid() }
    }
}

impl From<ServiceKeyId> for Poster {
    fn from(id: ServiceKeyId) -> Self {
        Self { actor: Actor::Service(id), scope: id.uuid() }
    }
}

/// What was posted, and whether it was under the same key before.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// What was written.
    pub receipt: T,
    /// The same request was carried out before.
    pub is_replay: bool,
}

/// An amount as a client gave it.
///
/// # Errors
/// [`Code::ValidationFailed`] when it is no whole number from 1 to [`mainstay_model::ledger::AMOUNT_MAX`].
pub fn checked_amount(field: &'static str, points: Option<i64>) -> Result<Amount> {
    let is_any = sabotage::is_off(Guard::AmountRange);
    let points =
        if is_any { points.filter(|points| Amount::new(*points).is_some()).or(Some(1)) } else { points };
    points.and_then(Amount::new).ok_or_else(|| {
        let most = mainstay_model::ledger::AMOUNT_MAX;
        Error::field(field, "invalid", format!("must be a whole number of points from 1 to {most}"))
    })
}

fn checked_reason(reason: &str) -> Result<String> {
    text::label(reason, limits::REASON_CHARS_MAX).map_err(|fault| Error::text("reason", fault))
}

fn required_reason(reason: &str) -> Result<String> {
    text::required_label(reason, limits::REASON_CHARS_MAX).map_err(|fault| Error::text("reason", fault))
}

/// Refuses what was not posted under the key before: time and others may have changed what is right, and the first answer stays.
///
/// # Errors
/// The refusal, or the database is away.
pub(crate) async fn unless_posted(
    app: &App,
    poster: &Poster,
    key: &IdempotencyKey,
    refusal: Error,
) -> Result<()> {
    let key = posting_key(poster.scope, &key.key);
    if app.read().await?.used_posting_keys(&[key]).await?.is_empty() { Err(refusal) } else { Ok(()) }
}

/// A posting of somebody's, of this moment.
pub(crate) fn posting(
    app: &App,
    poster: &Poster,
    key: &IdempotencyKey,
    order: Order,
    reason: String,
) -> Posting {
    let at = app.now();
    let fresh = || app.ports.random.uuid(at).to_string();
    Posting {
        id: app.ports.random.uuid(at),
        key: posting_key(
            if sabotage::is_off(Guard::IdempotencyOwner) { uuid::Uuid::nil() } else { poster.scope },
            &if sabotage::is_off(Guard::IdempotencyMemory) { fresh() } else { key.key.clone() },
        ),
        fingerprint: if sabotage::is_off(Guard::IdempotencyMeaning) { [0; 32] } else { key.fingerprint },
        order,
        reason,
        actor: poster.actor.to_text(),
        cause: String::new(),
        at,
    }
}

/// What came of a posting, in words for its caller.
///
/// # Errors
/// [`Code::InsufficientPoints`], [`Code::IdempotencyKeyReused`], [`Code::NotFound`], [`Code::Conflict`].
pub(crate) fn receipt(posted: Posted) -> Result<Outcome<Receipt>> {
    match posted {
        Posted::Done { mut receipt, companion, is_replay } => {
            if let (Receipt::Transfer(granted), Some(paid)) = (&mut receipt, companion)
                && paid.transfer.kind == TransferKind::Repayment
            {
                // The grant paid a debt in the same step, and the wallet has what is left after that.
                granted.credit.balance = paid.debit.balance;
            }
            Ok(Outcome { receipt, is_replay })
        }
        Posted::Refused { refusal, .. } => Err(refused(refusal)),
        Posted::KeyReused => Err(Error::new(
            Code::IdempotencyKeyReused,
            "This Idempotency-Key was used for another request. Nothing was done.",
        )),
    }
}

fn refused(refusal: Refusal) -> Error {
    let Refusal { kind, has, needs } = refusal;
    let conflict = |detail: &'static str| Error::new(Code::Conflict, detail);
    match kind {
        RefusalKind::Insufficient => {
            let mut error = Error::new(
                Code::InsufficientPoints,
                format!("There are {has} points to spend, and this takes {needs}."),
            );
            error.points = Some((has, needs));
            error
        }
        RefusalKind::MoreThanHeld => {
            let mut error = Error::new(
                Code::InsufficientPoints,
                format!("{has} points are held, and this takes {needs}."),
            );
            error.points = Some((has, needs));
            error
        }
        RefusalKind::Unknown => Error::not_found(),
        RefusalKind::Closed => conflict("The wallet is closed."),
        RefusalKind::NotReversible => conflict("It was undone before, or is nothing that can be undone."),
        RefusalKind::SameAccount => {
            Error::field("to", "invalid", "must be another wallet than the one that gives")
        }
        RefusalKind::NotHeld => {
            conflict("The points are not held any more: they were captured, released, or ran out.")
        }
        RefusalKind::NothingExpired => conflict("No points ran out."),
        RefusalKind::OutOfRange => conflict("The account can't take so many points."),
    }
}
