//! What members do with their own wallet.

use mainstay_model::{
    MemberId, Timestamp,
    audit::Actor,
    ledger::{
        AMOUNT_MAX, Account, AccountRef, Amount, HoldState, Lot, Order, Posting, Settlement, StatementLine,
        TransferKind,
    },
};
use mainstay_store::{Receipt, StatementFilter, Tx};

use super::{
    IdempotencyKey, Outcome, Poster, Wish, checked_amount, checked_reason, posting, receipt, system_key,
};
use crate::{
    App, Caller, Capability, Error, Result, limits,
    sabotage::{self, Guard},
};

/// What a wallet has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// All points.
    pub balance: i64,
    /// Of them, held for somebody.
    pub held: i64,
    /// What can be spent.
    pub available: i64,
    /// What is owed: the next grants pay it.
    pub owed: i64,
    /// Points that run out on a day, the first to run out first.
    pub expiring: Vec<Lot>,
}

/// What a member's wallet has. One that was never touched is empty.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn balance(app: &App, member_id: MemberId) -> Result<Balance> {
    app.capabilities.require(Capability::Wallet)?;
    let wallet = AccountRef::member(member_id);
    let mut tx = app.store.begin(mainstay_store::Access::Snapshot).await?;
    let account = tx.ledger_account(wallet.id).await?.unwrap_or(Account::untouched(wallet));
    let debt = tx.ledger_account(AccountRef::debt_of(wallet.id).id).await?;
    let expiring = if account.expiring > 0 { tx.lots(wallet.id).await? } else { Vec::new() };
    Ok(Balance {
        balance: account.balance,
        held: account.held,
        available: account.available(),
        owed: debt.map_or(0, |debt| -debt.balance),
        expiring,
    })
}

/// What a member's wallet had after all that was posted up to a moment.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn balance_at(app: &App, member_id: MemberId, at: Timestamp) -> Result<i64> {
    app.capabilities.require(Capability::Wallet)?;
    Ok(app.read().await?.balance_at(AccountRef::member(member_id).id, at).await?)
}

/// That there is such a member, or was and left a wallet: who mistypes an id does not see an empty wallet.
///
/// # Errors
/// [`crate::Code::NotFound`], or the database is away.
pub async fn require_known(app: &App, member_id: MemberId) -> Result<()> {
    let mut tx = app.read().await?;
    let is_known = tx.member_by_id(member_id).await?.is_some()
        || tx.ledger_account(AccountRef::member(member_id).id).await?.is_some();
    if is_known { Ok(()) } else { Err(Error::not_found()) }
}

/// A member's statement, newest first.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], or the database is away.
pub async fn statement(
    app: &App,
    member_id: MemberId,
    filter: StatementFilter,
) -> Result<Vec<StatementLine>> {
    app.capabilities.require(Capability::Wallet)?;
    let limit = filter.limit.clamp(1, limits::STATEMENT_LINES_MAX);
    let id = AccountRef::member(member_id).id;
    Ok(app.read().await?.statement(id, &StatementFilter { limit, ..filter }).await?)
}

/// Sends points to another member.
///
/// # Errors
/// [`crate::Code::InsufficientPoints`], [`crate::Code::NotFound`] when there is no such member,
/// [`crate::Code::ValidationFailed`], [`crate::Code::IdempotencyKeyReused`], [`crate::Code::CapabilityUnavailable`], or the
/// database is away.
pub async fn transfer(
    app: &App,
    caller: &Caller,
    key: &IdempotencyKey,
    to: MemberId,
    amount: Option<i64>,
    reason: &str,
) -> Result<Outcome<Settlement>> {
    app.capabilities.require(Capability::Wallet)?;
    app.capabilities.require(Capability::WalletTransfers)?;
    let (amount, reason) = (checked_amount("amount", amount)?, checked_reason(reason)?);
    if to == caller.member_id {
        return Err(Error::field("to", "invalid", "must be another member"));
    }
    let recipient = to;
    let (from, to) = (AccountRef::member(caller.member_id), AccountRef::member(to));
    let order = if sabotage::is_off(Guard::WalletBalance) {
        Order::Grant { to, amount, expires_on: None }
    } else {
        Order::Move { kind: TransferKind::Transfer, from, to, amount }
    };
    let posting = posting(app, &Poster::from(caller), key, order, reason);
    let wish = Wish::from(posting).for_member(recipient);
    settlement(receipt(app.postings.submit(wish).await?)?)
}

/// Takes the transfer out of a receipt.
pub(super) fn settlement(outcome: Outcome<Receipt>) -> Result<Outcome<Settlement>> {
    let Outcome { receipt, is_replay } = outcome;
    match receipt {
        Receipt::Transfer(settlement) => Ok(Outcome { receipt: *settlement, is_replay }),
        Receipt::Hold(_) => Err(Error::internal("a posting came to a hold instead of a transfer")),
    }
}

/// Closes the wallet of a member who goes, within the transaction of that: what is held is free again, and what is left is given up.
pub(crate) async fn close_wallet(app: &App, tx: &mut dyn Tx, member_id: MemberId) -> Result<()> {
    let wallet = AccountRef::member(member_id);
    let at = app.now();
    let post = |key: String, order| Posting {
        id: app.ports.random.uuid(at),
        key: system_key(&key),
        fingerprint: [0; 32],
        order,
        reason: String::new(),
        actor: Actor::Member(member_id).to_text(),
        cause: format!("member:{member_id}"),
        at,
    };
    let mut account = tx.lock_ledger_account(wallet, at).await?;
    while account.held > 0 {
        let held = tx.holds(wallet.id, Some(HoldState::Held), None, limits::PAGE_ITEMS_MAX).await?;
        if held.is_empty() {
            return Err(Error::internal("a wallet's holds do not add up"));
        }
        let releases = held.iter().map(|hold| post(format!("release:{}", hold.id), Order::Release(hold.id)));
        tx.post(&releases.collect::<Vec<_>>()).await?;
        account = tx.lock_ledger_account(wallet, at).await?;
    }
    // One transfer moves only so much.
    let (mut left, mut forfeits) = (account.balance, Vec::new());
    while let Some(amount) = Amount::new(left.min(AMOUNT_MAX)) {
        let (kind, to) = (TransferKind::Forfeit, AccountRef::EXPIRED);
        let order = Order::Move { kind, from: wallet, to, amount };
        forfeits.push(post(format!("forfeit:{member_id}:{}", forfeits.len()), order));
        left -= amount.points();
    }
    tx.post(&forfeits).await?;
    tx.close_ledger_account(wallet, at).await?;
    Ok(())
}
