//! What is asked of the ledger, and what it answers.

use uuid::Uuid;

use super::{AccountRef, Amount, TransferKind};
use crate::{AccountId, Day, HoldId, SecretHash, Timestamp, TransferId, text::state};

state! {
    /// Why a posting was not carried out.
    pub enum RefusalKind {
        /// The account has less than it takes.
        Insufficient = "insufficient",
        /// An account was closed.
        Closed = "closed",
        /// There is no such transfer or hold.
        Unknown = "unknown",
        /// The transfer was undone before, or is none that can be.
        NotReversible = "not_reversible",
        /// Both sides are one account.
        SameAccount = "same_account",
        /// The hold was captured, released or ran out before.
        NotHeld = "not_held",
        /// More was to be captured than is held.
        MoreThanHeld = "more_than_held",
        /// More points than an account can take.
        OutOfRange = "out_of_range",
        /// No points of the account ran out.
        NothingExpired = "nothing_expired",
    }
}

/// What makes a posting happen once (WAL-3): a digest of whose key it is and of the key as the client made it. It is as short as can
/// be, for a ledger keeps one for each posting, and looks each of them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PostingKey(pub Uuid);

/// What is to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Id of the transfer or hold, if it comes to one. A UUIDv7 of the moment: days are closed by the time in it.
    pub id: Uuid,
    /// What makes it happen once.
    pub key: PostingKey,
    /// SHA-256 of all that the key stands for: another request under the same key is refused.
    pub fingerprint: SecretHash,
    /// What to do.
    pub order: Order,
    /// In people's words.
    pub reason: String,
    /// Who does it, as the audit trail names them.
    pub actor: String,
    /// What causes it, as `kind:id`; empty when nothing but the actor does.
    pub cause: String,
    /// When.
    pub at: Timestamp,
}

/// What a posting does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Gives points out of nothing. What the member owes is paid first.
    Grant {
        /// To which wallet.
        to: AccountRef,
        /// How many.
        amount: Amount,
        /// Until the end of which day they can be spent; without one they never run out.
        expires_on: Option<Day>,
    },
    /// Moves points. Between members they keep their days.
    Move {
        /// Why.
        kind: TransferKind,
        /// Who gives.
        from: AccountRef,
        /// Who is given.
        to: AccountRef,
        /// How many.
        amount: Amount,
    },
    /// Undoes a transfer, whole. Points that come back have the days that they had.
    Reverse(TransferId),
    /// Takes points back, as far as they are there; the member owes the rest.
    ClawBack {
        /// From which wallet.
        from: AccountRef,
        /// How many.
        amount: Amount,
    },
    /// Holds points.
    Hold {
        /// Whose.
        from: AccountRef,
        /// For whom.
        to: AccountRef,
        /// How many.
        amount: Amount,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Spends points that are held. What is left of them is free again.
    Capture {
        /// Which.
        hold: HoldId,
        /// How many; all without a number.
        amount: Option<Amount>,
    },
    /// Frees points that are held, before their time or after it.
    Release(HoldId),
    /// Takes what has run out by the end of a day, as far as it is not held.
    Expire {
        /// From which wallet.
        from: AccountRef,
        /// The day.
        day: Day,
    },
}

impl Order {
    /// Every account that it names and needs.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountRef> {
        match *self {
            Self::Grant { to, .. } => vec![AccountRef::ISSUANCE, to],
            Self::Move { from, to, .. } | Self::Hold { from, to, .. } => vec![from, to],
            Self::ClawBack { from, .. } => {
                vec![AccountRef::ISSUANCE, from, AccountRef::debt_of(from.id)]
            }
            Self::Expire { from, .. } => vec![AccountRef::EXPIRED, from],
            Self::Reverse(_) | Self::Capture { .. } | Self::Release(_) => Vec::new(),
        }
    }

    /// An account that matters if there is one: what a member owes who is granted something.
    #[must_use]
    pub fn debt(&self) -> Option<AccountId> {
        match self {
            Self::Grant { to, .. } => Some(AccountRef::debt_of(to.id).id),
            _ => None,
        }
    }
}

/// Why a posting was not carried out, with the numbers for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// For [`RefusalKind::Insufficient`] and [`RefusalKind::MoreThanHeld`]: points that there are.
    pub has: i64,
    /// And points that it takes.
    pub needs: i64,
}

impl Refusal {
    /// A refusal without numbers.
    #[must_use]
    pub const fn new(kind: RefusalKind) -> Self {
        Self { kind, has: 0, needs: 0 }
    }
}

/// What a posting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A transfer.
    Transferred(TransferId),
    /// A hold was made.
    Held(HoldId),
    /// A hold was released, or ran out.
    Released(HoldId),
}

/// What came of a posting, or why nothing did. Kept with its key.
pub type Outcome = Result<Done, Refusal>;
