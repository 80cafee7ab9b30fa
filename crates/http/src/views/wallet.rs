//! The wallet.

use mainstay_model::{
    AccountId, Day, HoldId, MemberId, Timestamp,
    ledger::{AccountRef, Hold, Lot, Settlement, StatementLine, TransferKind},
};
use mainstay_services::{
    Error, limits,
    wallet::{Balance, StatementFilter},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{cursor, word};

/// What a wallet has, in points.
#[derive(Serialize, ToSchema)]
#[schema(as = Wallet)]
pub(crate) struct WalletView {
    /// All points.
    balance: i64,
    /// Of them, held for somebody.
    held: i64,
    /// What can be spent.
    available: i64,
    /// What is owed, because points had to be taken back that were spent; the next grants pay it.
    owed: i64,
    /// Points that run out, the first to run out first.
    expiring: Vec<LotView>,
}

/// Points that run out at the end of a day.
#[derive(Serialize, ToSchema)]
#[schema(as = ExpiringPoints)]
pub(crate) struct LotView {
    /// The last day on which they can be spent, in UTC.
    #[schema(value_type = String, format = Date)]
    expires_on: String,
    points: i64,
}

impl From<Lot> for LotView {
    fn from(lot: Lot) -> Self {
        Self { expires_on: lot.0.to_string(), points: lot.1 }
    }
}

impl From<Balance> for WalletView {
    fn from(balance: Balance) -> Self {
        Self {
            balance: balance.balance,
            held: balance.held,
            available: balance.available,
            owed: balance.owed,
            expiring: balance.expiring.into_iter().map(LotView::from).collect(),
        }
    }
}

/// When to look at a balance.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BalanceQuery {
    /// A moment (RFC 3339); now when it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) at: Option<String>,
}

/// The balance after all that was posted up to a moment.
#[derive(Serialize, ToSchema)]
#[schema(as = BalanceAt)]
pub(crate) struct BalanceAtView {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    pub(crate) balance: i64,
}

/// Which lines of a statement. What is left out matches all.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatementQuery {
    /// Why points moved: `grant`, `transfer`, `redemption`, `capture`, `reversal`, `expiry`, `forfeit`, `claw_back`, `debt`,
    /// `repayment`.
    kind: Option<String>,
    /// Not before (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Before (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// At most so many lines: 1 to 1000, and 20 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl StatementQuery {
    pub(crate) fn filter(&self) -> Result<StatementFilter, Error> {
        let limit = match self.limit {
            None => limits::PAGE_ITEMS_DEFAULT,
            Some(limit) if (1..=limits::STATEMENT_LINES_MAX).contains(&limit) => limit,
            Some(_) => {
                let most = limits::STATEMENT_LINES_MAX;
                return Err(Error::field("limit", "out_of_range", format!("must be from 1 to {most}")));
            }
        };
        Ok(StatementFilter {
            kind: self.kind.as_deref().map(|text| word::<TransferKind>("kind", text)).transpose()?,
            since: moment("since", self.since.as_deref())?,
            until: moment("until", self.until.as_deref())?,
            before_sequence: cursor(self.cursor.as_deref())?,
            limit,
        })
    }
}

/// A moment as a client gave it.
pub(crate) fn moment(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    text.map(|text| {
        text.parse().map_err(|_| Error::field(field, "invalid", "must be a moment as RFC 3339 writes it"))
    })
    .transpose()
}

/// A line of a statement.
#[derive(Serialize, ToSchema)]
#[schema(as = StatementLine)]
pub(crate) struct LineView {
    /// Its number in the wallet, from 1 and without gaps.
    sequence: i64,
    transfer_id: Uuid,
    /// Why points moved.
    kind: &'static str,
    /// Points; below zero when they were taken.
    amount: i64,
    /// The balance after it.
    balance: i64,
    /// In people's words.
    reason: String,
    /// The member on the other side, if it is one.
    other_member_id: Option<Uuid>,
    /// The merchant on the other side, if it is one.
    merchant_id: Option<Uuid>,
    /// What caused it, as `kind:id`; empty when nothing did but a person.
    cause: String,
    /// The transfer that it undoes.
    reverses: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

fn of_kind(account: AccountRef, kind: mainstay_model::ledger::AccountKind) -> Option<Uuid> {
    (account.kind == kind).then(|| account.id.uuid())
}

impl From<StatementLine> for LineView {
    fn from(line: StatementLine) -> Self {
        use mainstay_model::ledger::AccountKind::{Member, Merchant};
        let (entry, transfer) = (line.entry, line.transfer);
        let is_own = |account: AccountRef| account.id == entry.account_id;
        let other = if is_own(transfer.debit) { transfer.credit } else { transfer.debit };
        Self {
            sequence: entry.sequence,
            transfer_id: transfer.id.uuid(),
            kind: transfer.kind.as_str(),
            amount: entry.amount,
            balance: entry.balance,
            reason: transfer.reason,
            other_member_id: of_kind(other, Member),
            merchant_id: of_kind(other, Merchant),
            cause: transfer.cause,
            reverses: transfer.reverses.map(|id| id.uuid()),
            created_at: transfer.created_at,
        }
    }
}

/// One page of a statement, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Statement)]
pub(crate) struct StatementView {
    items: Vec<LineView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl StatementView {
    pub(crate) fn new(lines: Vec<StatementLine>, limit: u32) -> Self {
        let is_full = lines.len() == limit as usize;
        let next = lines.last().filter(|line| is_full && line.entry.sequence > 1);
        Self {
            next_cursor: next.map(|line| line.entry.sequence.to_string()),
            items: lines.into_iter().map(LineView::from).collect(),
        }
    }
}

/// Points for another member.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTransfer {
    /// Who gets them.
    #[schema(value_type = Uuid)]
    pub(crate) to: MemberId,
    /// How many: a whole number from 1 to 1000000000000.
    #[schema(value_type = i64)]
    pub(crate) amount: Points,
    /// Why, at most 200 characters.
    #[serde(default)]
    pub(crate) reason: String,
    /// Whose, as if a client could say.
    #[cfg(feature = "sabotage")]
    #[schema(ignore)]
    pub(crate) from: Option<MemberId>,
}

/// Points for a member.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewGrant {
    /// How many: a whole number from 1 to 1000000000000.
    #[schema(value_type = i64)]
    pub(crate) amount: Points,
    /// Why, at most 200 characters; the member reads it.
    pub(crate) reason: String,
    /// The last day on which they can be spent, in UTC; the deployment's rule when it is left out.
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) expires_on: Option<String>,
}

impl NewGrant {
    pub(crate) fn expires_on(&self) -> Result<Option<Day>, Error> {
        let Some(text) = &self.expires_on else { return Ok(None) };
        let start = format!("{text}T00:00:00Z").parse::<Timestamp>();
        let day = start.ok().map(Day::of).filter(|day| day.to_string() == *text);
        day.map(Some).ok_or_else(|| Error::field("expires_on", "invalid", "must be a day like 2027-01-31"))
    }
}

/// Why a transfer is undone.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewReversal {
    /// At most 200 characters; the member reads it.
    pub(crate) reason: String,
}

/// A number of points as a client wrote it: anything else than a whole number is no number of points, and says so by the name of
/// its field instead of as broken JSON.
#[derive(Clone, Debug)]
pub(crate) struct Points(pub(crate) Option<i64>);

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(|value| Self(value.as_i64()))
    }
}

/// A transfer, as one of its two sides sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Transfer)]
pub(crate) struct TransferView {
    id: Uuid,
    kind: &'static str,
    /// Points that moved.
    amount: i64,
    /// The wallet's balance after it.
    balance: i64,
    reason: String,
    /// The transfer that it undoes.
    reverses: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl TransferView {
    /// With the balance of whichever side is the wallet, or of the giving one when both are somebody else's.
    pub(crate) fn of(settlement: Settlement, wallet: AccountId) -> Self {
        let transfer = settlement.transfer;
        let entry = if transfer.credit.id == wallet { settlement.credit } else { settlement.debit };
        Self {
            id: transfer.id.uuid(),
            kind: transfer.kind.as_str(),
            amount: transfer.amount.points(),
            balance: entry.balance,
            reason: transfer.reason,
            reverses: transfer.reverses.map(|id| id.uuid()),
            created_at: transfer.created_at,
        }
    }
}

/// Which holds.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HoldsQuery {
    /// `held`, `captured`, `released` or `expired`; all when it is left out.
    pub(crate) state: Option<String>,
    /// At most so many items: 1 to 100, and 20 when it is left out.
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// Points that are held for somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub(crate) struct HoldView {
    id: Uuid,
    #[schema(value_type = Uuid)]
    member_id: Uuid,
    /// Who gets them when they are captured, if it is a merchant.
    merchant_id: Option<Uuid>,
    amount: i64,
    /// `held`, `captured`, `released` or `expired`.
    state: &'static str,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        Self {
            id: hold.id.uuid(),
            member_id: hold.from.id.uuid(),
            merchant_id: of_kind(hold.to, mainstay_model::ledger::AccountKind::Merchant),
            amount: hold.amount.points(),
            state: hold.state.as_str(),
            reason: hold.reason,
            expires_at: hold.expires_at,
            created_at: hold.created_at,
            settled_at: hold.settled_at,
        }
    }
}

/// One page of holds, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Holds)]
pub(crate) struct HoldsView {
    items: Vec<HoldView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl HoldsView {
    pub(crate) fn new(holds: Vec<Hold>, limit: u32) -> Self {
        let next: Option<HoldId> = holds.last().filter(|_| holds.len() == limit as usize).map(|hold| hold.id);
        Self {
            next_cursor: next.map(|id| id.to_string()),
            items: holds.into_iter().map(HoldView::from).collect(),
        }
    }
}
