//! The points ledger (WAL-1, WAL-2, WAL-4): accounts, immutable transfers between them, and the entries that they leave.
//!
//! Double entry: every transfer takes from one account what it gives to another, so that the sum over all accounts is zero. Points
//! come from the issuance account, whose balance is the negative of what is in circulation.

mod account;
mod amount;
mod book;
mod closing;
mod hold;
mod lots;
mod posting;
mod transfer;

pub use self::{
    account::{Account, AccountKind, AccountRef},
    amount::{AMOUNT_MAX, Amount},
    book::{Book, KeyRecord, Settled, Settlement, Written},
    closing::Closing,
    hold::{Hold, HoldState},
    lots::{Lot, Lots},
    posting::{Done, Order, Outcome, Posting, PostingKey, Refusal, RefusalKind},
    transfer::{Entry, StatementLine, Transfer, TransferKind},
};
