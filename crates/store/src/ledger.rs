//! The points ledger.

use std::collections::HashSet;

use async_trait::async_trait;
use mainstay_model::{
    AccountId, Day, HoldId, Timestamp, TransferId,
    ledger::{
        Account, AccountRef, Closing, Hold, HoldState, Lot, Posting, PostingKey, Refusal, Settlement,
        StatementLine, Transfer, TransferKind,
    },
};

use crate::Result;

/// What came of one posting of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It was carried out.
    Done {
        /// What was written.
        receipt: Receipt,
        /// The second transfer of a posting that made two: of a grant, what it paid of a debt; of points taken back, what is owed.
        companion: Option<Box<Settlement>>,
        /// Under the same key before, and not again.
        is_replay: bool,
    },
    /// It was not, and this stays the answer under its key.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Under the same key before.
        is_replay: bool,
    },
    /// The key stands for another request.
    KeyReused,
}

/// What a posting wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// A transfer, and what it did to its two accounts.
    Transfer(Box<Settlement>),
    /// A hold that was made, or that ended, as it was right after it.
    Hold(Box<Hold>),
}

impl Receipt {
    /// The transfer, if it is one.
    #[must_use]
    pub fn settlement(&self) -> Option<&Settlement> {
        match self {
            Self::Transfer(settlement) => Some(settlement),
            Self::Hold(_) => None,
        }
    }

    /// The hold, if it is one.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Hold(hold) => Some(hold),
            Self::Transfer(_) => None,
        }
    }
}

/// Which lines of a statement. Empty fields match all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementFilter {
    /// Of this kind.
    pub kind: Option<TransferKind>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Only entries with a smaller number (paging, newest first).
    pub before_sequence: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// The ledger as a whole, for verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerTotals {
    /// Accounts that were touched.
    pub accounts: i64,
    /// Transfers.
    pub transfers: i64,
    /// Entries that the accounts have counted: two for each transfer.
    pub entries: i64,
    /// Sum of all balances: zero.
    pub balance: i64,
    /// Points that are held, as the accounts have it.
    pub held: i64,
}

/// The ledger. Engines refuse UPDATE and DELETE of transfers by trigger, and a wallet below zero by CHECK.
#[async_trait]
pub trait LedgerStore: Send {
    /// Hot path: settles a batch, with a fixed number of statements however long it is; accounts are locked in the order of their ids
    /// and outcomes come in the order of the batch. Postings see those before them.
    async fn post(&mut self, batch: &[Posting]) -> Result<Vec<Posted>>;
    /// Reads an account; none when it was never touched.
    /// Hot path: those of the keys that a posting was settled under.
    async fn used_posting_keys(&mut self, keys: &[PostingKey]) -> Result<HashSet<PostingKey>>;
    /// Reads an account; none when it was never touched.
    async fn ledger_account(&mut self, id: AccountId) -> Result<Option<Account>>;
    /// Reads a transfer.
    async fn transfer_by_id(&mut self, id: TransferId) -> Result<Option<Transfer>>;
    /// Reads a hold.
    async fn hold_by_id(&mut self, id: HoldId) -> Result<Option<Hold>>;
    /// An account's holds, newest first, before the one given.
    async fn holds(
        &mut self,
        from: AccountId,
        state: Option<HoldState>,
        before: Option<HoldId>,
        limit: u32,
    ) -> Result<Vec<Hold>>;
    /// An account's lines, newest first.
    async fn statement(&mut self, id: AccountId, filter: &StatementFilter) -> Result<Vec<StatementLine>>;
    /// An account's balance after all that was posted up to a moment.
    async fn balance_at(&mut self, id: AccountId, at: Timestamp) -> Result<i64>;
    /// Points of an account that run out on a day, the first to run out first.
    async fn lots(&mut self, id: AccountId) -> Result<Vec<Lot>>;
    /// Reads an account, opens it when it was never touched, and keeps others from posting to it until the transaction ends.
    async fn lock_ledger_account(&mut self, account: AccountRef, at: Timestamp) -> Result<Account>;
    /// Closes an empty account for ever, whether it was touched before or not. [`crate::Error::Constraint`] when it is not empty.
    async fn close_ledger_account(&mut self, account: AccountRef, at: Timestamp) -> Result<()>;
}

/// What runs out, and the books as a whole.
#[async_trait]
pub trait LedgerBooksStore: Send {
    /// Holds that ran out by then and still hold, the first to run out first.
    async fn expired_holds(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Hold>>;
    /// Wallets with points that ran out by the end of the day and that are not held, in the order of their ids, after one.
    async fn wallets_with_expired_points(
        &mut self,
        day: Day,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountRef>>;
    /// Accounts in the order of their ids, after one.
    async fn ledger_accounts(&mut self, after: Option<AccountId>, limit: u32) -> Result<Vec<Account>>;
    /// An account's lines, oldest first, after one.
    async fn ledger_lines(
        &mut self,
        id: AccountId,
        after_sequence: i64,
        limit: u32,
    ) -> Result<Vec<StatementLine>>;
    /// Transfers in the order of their ids, from one on and before another.
    async fn settlements(
        &mut self,
        from: TransferId,
        before: TransferId,
        limit: u32,
    ) -> Result<Vec<Settlement>>;
    /// Counts and sums.
    async fn ledger_totals(&mut self) -> Result<LedgerTotals>;
    /// The newest closed day, with the right to close the next: others who ask wait until this transaction ends.
    async fn lock_last_closing(&mut self) -> Result<Option<Closing>>;
    /// Closes a day. [`crate::Error::Constraint`] when it is closed.
    async fn insert_closing(&mut self, closing: &Closing) -> Result<()>;
    /// Closed days in order, after one.
    async fn closings(&mut self, after: Option<Day>, limit: u32) -> Result<Vec<Closing>>;
}
