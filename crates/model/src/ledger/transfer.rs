//! Transfers, and what they do to accounts.

use super::{AccountRef, Amount, Lots};
use crate::{AccountId, Timestamp, TransferId, text::state};

state! {
    /// Why points moved.
    pub enum TransferKind {
        /// Given by an operator or a rule.
        Grant = "grant",
        /// From one member to another.
        Transfer = "transfer",
        /// Spent at a merchant.
        Redemption = "redemption",
        /// Points that were held, and are now spent.
        Capture = "capture",
        /// Undoes another transfer.
        Reversal = "reversal",
        /// Ran out.
        Expiry = "expiry",
        /// Given up with the account that was deleted.
        Forfeit = "forfeit",
        /// Taken back, for instance because the purchase was refunded.
        ClawBack = "claw_back",
        /// What should have been taken back and was not there: the member owes it.
        Debt = "debt",
        /// Pays what is owed, out of what was just granted.
        Repayment = "repayment",
    }
}

impl TransferId {
    /// The id of the second transfer of a posting that makes two.
    #[must_use]
    pub fn companion(self) -> Self {
        Self::new(super::account::companion(self.uuid()))
    }
}

impl TransferKind {
    /// Whether such a transfer can be undone as a whole. Points that ran out or were taken back are granted anew instead.
    #[must_use]
    pub const fn is_reversible(self) -> bool {
        matches!(self, Self::Grant | Self::Transfer | Self::Redemption | Self::Capture)
    }
}

/// A transfer as stored; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Which.
    pub id: TransferId,
    /// Why.
    pub kind: TransferKind,
    /// Who gives.
    pub debit: AccountRef,
    /// Who is given.
    pub credit: AccountRef,
    /// How many points.
    pub amount: Amount,
    /// In people's words; empty when nobody said.
    pub reason: String,
    /// Who did it, as the audit trail names them.
    pub actor: String,
    /// What caused it, as `kind:id`; empty when nothing but the actor did.
    pub cause: String,
    /// The transfer that it undoes.
    pub reverses: Option<TransferId>,
    /// Points with a day that it took out of the giving account.
    pub taken: Lots,
    /// Points with a day that it put into the other.
    pub given: Lots,
    /// When.
    pub created_at: Timestamp,
}

/// What a transfer did to one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// To which.
    pub account_id: AccountId,
    /// Its number in the account, from 1 and without gaps.
    pub sequence: i64,
    /// By which transfer.
    pub transfer_id: TransferId,
    /// Points; below zero when they were taken.
    pub amount: i64,
    /// The account's balance after it.
    pub balance: i64,
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The entry.
    pub entry: Entry,
    /// The transfer that made it.
    pub transfer: Transfer,
}
