//! Recomputing everything: balances from entries, what runs out from transfers, what is held from holds, sums, and the chain of closed
//! days (WAL-6). It reads only, and can run beside a serving node.

use std::{collections::BTreeMap, fmt};

use mainstay_model::{
    AccountId, Day, HoldId, TransferId,
    ledger::{Account, HoldState, Lot, StatementLine},
};
use mainstay_store::{Access, LedgerTotals};

use super::closing::{NOTHING_CLOSED, digest_of};
use crate::{App, Result, limits};

/// The first thing that is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Balances do not add up to zero, or entries are not two for each transfer.
    Totals(LedgerTotals),
    /// An entry is missing: this is the one that should be there.
    Missing {
        /// In which account.
        account: AccountId,
        /// Its number.
        sequence: i64,
    },
    /// The balance that a transfer left is not the sum of the entries up to it.
    Balance {
        /// Of which account.
        account: AccountId,
        /// After which transfer.
        transfer: TransferId,
        /// What the entries add up to.
        sum: i64,
        /// What is stated.
        stated: i64,
    },
    /// An account's own numbers are not those of its entries, holds and days.
    Account {
        /// Which.
        account: AccountId,
        /// `balance`, `held` or `expiring`.
        what: &'static str,
        /// What it comes to.
        sum: i64,
        /// What is stated.
        stated: i64,
    },
    /// Points of an account run out on another day than its transfers say.
    Lot {
        /// Of which account.
        account: AccountId,
        /// When.
        day: Day,
        /// How many its transfers say.
        sum: i64,
        /// How many are stated.
        stated: i64,
    },
    /// Entries of accounts that are not there.
    Orphans(i64),
    /// A closed day is not what was closed: a transfer of it was changed, removed or put in.
    Day(Day),
    /// A closing is not tied to the one before, or was changed.
    Chain(Day),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Totals(totals) => write!(
                f,
                "the books do not add up: the balances come to {} instead of 0, and {} transfers have {} entries",
                totals.balance, totals.transfers, totals.entries
            ),
            Self::Missing { account, sequence } => {
                write!(f, "entry {sequence} of account {account} is missing")
            }
            Self::Balance { account, transfer, sum, stated } => write!(
                f,
                "transfer {transfer}: account {account} has {sum} points after it, and {stated} are stated"
            ),
            Self::Account { account, what, sum, stated } => {
                write!(f, "account {account}: {what} comes to {sum}, and {stated} is stated")
            }
            Self::Lot { account, day, sum, stated } => {
                write!(f, "account {account}: {sum} points run out on {day}, and {stated} are stated")
            }
            Self::Orphans(entries) => write!(f, "{entries} entries are of accounts that are not there"),
            Self::Day(day) => {
                write!(f, "{day} is not what was closed: one of its transfers was changed, removed or put in")
            }
            Self::Chain(day) => write!(f, "the closing of {day} was changed, or one before it is missing"),
        }
    }
}

/// What verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Accounts that were recomputed.
    pub accounts: i64,
    /// Transfers that there are.
    pub transfers: i64,
    /// Closed days that were recomputed.
    pub days: i64,
    /// The first thing that is not right; none when all is.
    pub fault: Option<Fault>,
}

/// Recomputes all of it. `progress` hears how many entries of how many are done; each is read once for its account and, when its day
/// is closed, once for that.
///
/// # Errors
/// When the database is away. A wrong ledger is no error but what [`Verified`] tells.
pub async fn verify(app: &App, mut progress: impl FnMut(i64, i64) + Send) -> Result<Verified> {
    let totals = app.store.begin(Access::Snapshot).await?.ledger_totals().await?;
    let mut found = Verified { accounts: 0, transfers: totals.transfers, days: 0, fault: None };
    progress(0, totals.entries);
    let (mut after, mut entries) = (None, 0);
    loop {
        let page = app.read().await?.ledger_accounts(after, limits::LEDGER_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for account in &page {
            if let Some(fault) = account_fault(app, account.id, &mut entries, &mut |done| {
                progress(done, totals.entries.max(done))
            })
            .await?
            {
                return Ok(Verified { fault: Some(fault), ..found });
            }
            found.accounts += 1;
        }
    }
    // Entries that came since are counted, too, so there are never fewer.
    if entries < totals.entries {
        return Ok(Verified { fault: Some(Fault::Orphans(totals.entries - entries)), ..found });
    }
    if totals.balance != 0 || totals.entries != totals.transfers * 2 {
        return Ok(Verified { fault: Some(Fault::Totals(totals)), ..found });
    }
    found.fault = chain_fault(app, &mut found.days).await?;
    Ok(found)
}

/// The account and what hangs on it are read in one moment; its entries do not change, so they are read in pages.
async fn account_fault(
    app: &App,
    id: AccountId,
    entries: &mut i64,
    progress: &mut (dyn FnMut(i64) + Send),
) -> Result<Option<Fault>> {
    let mut tx = app.store.begin(Access::Snapshot).await?;
    let Some(account) = tx.ledger_account(id).await? else { return Ok(None) };
    let lots = tx.lots(id).await?;
    let mut held = 0;
    let mut before = None::<HoldId>;
    while account.held > 0 || before.is_some() {
        let page = tx.holds(id, Some(HoldState::Held), before, limits::LEDGER_PAGE).await?;
        held += page.iter().map(|hold| hold.amount.points()).sum::<i64>();
        before = page.last().map(|hold| hold.id);
        if before.is_none() {
            break;
        }
    }
    drop(tx);
    let mut sums = Sums::default();
    while sums.sequence < account.entries {
        let page = app.read().await?.ledger_lines(id, sums.sequence, limits::LEDGER_PAGE).await?;
        if page.is_empty() {
            return Ok(Some(Fault::Missing { account: id, sequence: sums.sequence + 1 }));
        }
        for line in page.iter().take_while(|line| line.entry.sequence <= account.entries) {
            if let Some(fault) = sums.add(line) {
                return Ok(Some(fault));
            }
            *entries += 1;
        }
        progress(*entries);
        if page.last().is_some_and(|line| line.entry.sequence > account.entries) {
            break;
        }
    }
    Ok(sums.fault(&account, held, &lots))
}

/// What an account's lines come to.
#[derive(Default)]
struct Sums {
    sequence: i64,
    balance: i64,
    lots: BTreeMap<Day, i64>,
}

impl Sums {
    fn add(&mut self, line: &StatementLine) -> Option<Fault> {
        let entry = &line.entry;
        if entry.sequence != self.sequence + 1 {
            return Some(Fault::Missing { account: entry.account_id, sequence: self.sequence + 1 });
        }
        self.sequence = entry.sequence;
        self.balance += entry.amount;
        let (lots, sign) =
            if entry.amount < 0 { (&line.transfer.taken, -1) } else { (&line.transfer.given, 1) };
        for Lot(day, points) in lots {
            *self.lots.entry(*day).or_default() += sign * points;
        }
        (entry.balance != self.balance).then_some(Fault::Balance {
            account: entry.account_id,
            transfer: entry.transfer_id,
            sum: self.balance,
            stated: entry.balance,
        })
    }

    fn fault(mut self, account: &Account, held: i64, lots: &[Lot]) -> Option<Fault> {
        self.lots.retain(|_, points| *points != 0);
        let expiring = self.lots.values().sum::<i64>();
        let stated = lots.iter().map(|lot| (lot.0, lot.1)).collect::<BTreeMap<_, _>>();
        let of = |lots: &BTreeMap<Day, i64>, day| lots.get(day).copied().unwrap_or_default();
        let mut days = self.lots.keys().chain(stated.keys()).collect::<Vec<_>>();
        days.sort_unstable();
        let wrong = days.into_iter().find(|day| of(&self.lots, day) != of(&stated, day)).map(|day| {
            let (sum, stated) = (of(&self.lots, day), of(&stated, day));
            Fault::Lot { account: account.id, day: *day, sum, stated }
        });
        let closed = if account.is_closed { 0 } else { account.balance };
        let numbers = [
            ("balance", self.balance, account.balance),
            ("held", held, account.held),
            ("expiring", expiring, account.expiring),
            // A closed wallet is empty.
            ("balance", closed, account.balance),
        ];
        let numbers = numbers.into_iter().find(|(_, sum, stated)| sum != stated);
        let fault =
            numbers.map(|(what, sum, stated)| Fault::Account { account: account.id, what, sum, stated });
        fault.or(wrong)
    }
}

async fn chain_fault(app: &App, days: &mut i64) -> Result<Option<Fault>> {
    let (mut after, mut previous) = (None::<Day>, NOTHING_CLOSED);
    loop {
        let page = app.read().await?.closings(after, limits::LEDGER_PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        let newest = last.day;
        for closing in &page {
            if after.is_some_and(|before| before.plus(1) != closing.day) {
                return Ok(Some(Fault::Chain(closing.day)));
            }
            let recomputed =
                digest_of(app, closing.day).await?.closing(closing.day, previous, closing.closed_at);
            if recomputed.digest != closing.digest || recomputed.transfers != closing.transfers {
                return Ok(Some(Fault::Day(closing.day)));
            }
            if recomputed != *closing {
                return Ok(Some(Fault::Chain(closing.day)));
            }
            (after, previous) = (Some(closing.day), closing.hash);
            *days += 1;
        }
        after = Some(newest);
    }
}
