//! A batch of postings, decided in order and in memory, on what was read and locked for it.
//!
//! It knows the rules and nothing of a database: an engine fills it, asks for one decision after another, and writes down what
//! came of them. What it refuses, the database's own constraints would refuse again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    AMOUNT_MAX, Account, AccountKind, AccountRef, Amount, Done, Entry, Hold, HoldState, Lot, Lots, Order,
    Outcome, Posting, PostingKey, Refusal, RefusalKind, Transfer, TransferKind,
    account::companion,
    lots::{Purse, sum},
};
use crate::{AccountId, Day, HoldId, SecretHash, TransferId};

/// A key that was used before, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Of the request that used it.
    pub fingerprint: SecretHash,
    /// What came of it.
    pub outcome: Outcome,
}

/// How one posting was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// For the first time.
    Now(Outcome),
    /// Under the same key before; nothing was done again.
    Before(Outcome),
    /// The key stands for another request; nothing was done.
    KeyReused,
}

/// A transfer, and what it did to its two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The transfer.
    pub transfer: Transfer,
    /// What it took.
    pub debit: Entry,
    /// What it gave.
    pub credit: Entry,
}

/// What a batch changed, to be written down.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// New transfers with their entries, in the order of the batch.
    pub settlements: Vec<Settlement>,
    /// New keys, with what came of them.
    pub keys: Vec<(PostingKey, KeyRecord)>,
    /// Accounts that changed, in the order of their ids.
    pub accounts: Vec<Account>,
    /// Lots that changed, with what is left of them.
    pub lots: Vec<(AccountId, Lot)>,
    /// Holds that were made.
    pub new_holds: Vec<Hold>,
    /// Holds of before the batch that left their first state.
    pub settled_holds: Vec<Hold>,
}

/// The book of one batch.
#[derive(Debug, Default)]
pub struct Book {
    accounts: BTreeMap<AccountId, Account>,
    changed: HashSet<AccountId>,
    purses: BTreeMap<AccountId, Purse>,
    changed_lots: BTreeSet<(AccountId, Day)>,
    /// Transfers that postings of the batch want to undo.
    transfers: HashMap<TransferId, Transfer>,
    reversed: HashSet<TransferId>,
    holds: BTreeMap<HoldId, Hold>,
    new_holds: BTreeSet<HoldId>,
    settled_holds: BTreeSet<HoldId>,
    keys: HashMap<PostingKey, KeyRecord>,
    settlements: Vec<Settlement>,
    new_keys: Vec<(PostingKey, KeyRecord)>,
}

/// A transfer that was decided and not yet entered.
struct Move {
    id: TransferId,
    kind: TransferKind,
    debit: AccountRef,
    credit: AccountRef,
    amount: Amount,
    reverses: Option<TransferId>,
}

impl Book {
    /// Adds an account as it stands, locked.
    pub fn add_account(&mut self, account: Account) {
        self.accounts.insert(account.id, account);
    }

    /// Adds points of an account that run out on a day.
    pub fn add_lot(&mut self, account: AccountId, lot: Lot) {
        self.purses.entry(account).or_default().add(lot);
    }

    /// Adds a transfer that may be undone, and whether it was.
    pub fn add_transfer(&mut self, transfer: Transfer, is_reversed: bool) {
        if is_reversed {
            self.reversed.insert(transfer.id);
        }
        self.transfers.insert(transfer.id, transfer);
    }

    /// Adds a hold as it stands, with its account locked.
    pub fn add_hold(&mut self, hold: Hold) {
        self.holds.insert(hold.id, hold);
    }

    /// Adds a key that was used before.
    pub fn add_key(&mut self, key: PostingKey, record: KeyRecord) {
        self.keys.insert(key, record);
    }

    /// Settles the next posting.
    pub fn settle(&mut self, posting: &Posting) -> Settled {
        if let Some(record) = self.keys.get(&posting.key) {
            return if record.fingerprint == posting.fingerprint {
                Settled::Before(record.outcome)
            } else {
                Settled::KeyReused
            };
        }
        let outcome = self.carry_out(posting);
        let record = KeyRecord { fingerprint: posting.fingerprint, outcome };
        self.keys.insert(posting.key, record);
        self.new_keys.push((posting.key, record));
        Settled::Now(outcome)
    }

    /// What there is to write down.
    #[must_use]
    pub fn close(self) -> Written {
        let changed = self.accounts.into_values().filter(|account| self.changed.contains(&account.id));
        let left = |&(account, day): &(AccountId, Day)| {
            let left = self.purses.get(&account).map(|purse| purse.of(day)).unwrap_or_default();
            (account, Lot(day, left))
        };
        let holds = |ids: &BTreeSet<HoldId>| {
            ids.iter().filter_map(|id| self.holds.get(id)).cloned().collect::<Vec<_>>()
        };
        Written {
            accounts: changed.collect(),
            lots: self.changed_lots.iter().map(left).collect(),
            settled_holds: holds(&(&self.settled_holds - &self.new_holds)),
            new_holds: holds(&self.new_holds),
            settlements: self.settlements,
            keys: self.new_keys,
        }
    }

    fn carry_out(&mut self, posting: &Posting) -> Outcome {
        let id = TransferId::new(posting.id);
        match posting.order {
            Order::Grant { to, amount, expires_on } => self.grant(posting, to, amount, expires_on),
            Order::Move { kind, from, to, amount } => {
                let reverses = None;
                self.transfer(posting, Move { id, kind, debit: from, credit: to, amount, reverses })
            }
            Order::Reverse(reversed) => self.reverse(posting, reversed),
            Order::ClawBack { from, amount } => self.claw_back(posting, from, amount),
            Order::Hold { from, to, amount, expires_at } => {
                self.check(from, to, amount.points())?;
                let hold = Hold {
                    id: HoldId::new(posting.id),
                    from,
                    to,
                    amount,
                    state: HoldState::Held,
                    expires_at,
                    reason: posting.reason.clone(),
                    actor: posting.actor.clone(),
                    cause: posting.cause.clone(),
                    created_at: posting.at,
                    settled_at: None,
                };
                self.change_held(from, amount.points());
                self.new_holds.insert(hold.id);
                let done = Done::Held(hold.id);
                self.holds.insert(hold.id, hold);
                Ok(done)
            }
            Order::Capture { hold, amount } => self.capture(posting, hold, amount),
            Order::Release(hold) => {
                let held = self.held(hold)?;
                let has_expired = posting.at >= held.expires_at;
                let state = if has_expired { HoldState::Expired } else { HoldState::Released };
                self.settle_hold(posting, held, state);
                Ok(Done::Released(hold))
            }
            Order::Expire { from, day } => {
                let account = self.account(from);
                let due = self.purses.get(&from.id).map(|purse| purse.due(day)).unwrap_or_default();
                // One transfer moves only so much; the next run moves the rest.
                let amount = Amount::new(due.min(account.available()).min(AMOUNT_MAX));
                let amount = amount.ok_or(Refusal::new(RefusalKind::NothingExpired))?;
                let (kind, credit, reverses) = (TransferKind::Expiry, AccountRef::EXPIRED, None);
                self.transfer(posting, Move { id, kind, debit: from, credit, amount, reverses })
            }
        }
    }

    fn grant(&mut self, posting: &Posting, to: AccountRef, amount: Amount, day: Option<Day>) -> Outcome {
        let id = TransferId::new(posting.id);
        self.check(AccountRef::ISSUANCE, to, amount.points())?;
        let given = day.map(|day| Lot(day, amount.points())).into_iter().collect();
        let kind = TransferKind::Grant;
        let granted = Move { id, kind, debit: AccountRef::ISSUANCE, credit: to, amount, reverses: None };
        self.enter(posting, granted, given);
        let debt = AccountRef::debt_of(to.id);
        let owed = self.accounts.get(&debt.id).map_or(0, |account| -account.balance);
        if let Some(amount) = Amount::new(owed.min(amount.points())) {
            let (id, kind) = (TransferId::new(companion(posting.id)), TransferKind::Repayment);
            self.enter(
                posting,
                Move { id, kind, debit: to, credit: debt, amount, reverses: None },
                Vec::new(),
            );
        }
        Ok(Done::Transferred(id))
    }

    fn reverse(&mut self, posting: &Posting, reversed: TransferId) -> Outcome {
        let refuse = |kind| Err(Refusal::new(kind));
        let Some(transfer) = self.transfers.get(&reversed) else { return refuse(RefusalKind::Unknown) };
        if !transfer.kind.is_reversible() || self.reversed.contains(&reversed) {
            return refuse(RefusalKind::NotReversible);
        }
        let undo = Move {
            id: TransferId::new(posting.id),
            kind: TransferKind::Reversal,
            debit: transfer.credit,
            credit: transfer.debit,
            amount: transfer.amount,
            reverses: Some(reversed),
        };
        let given = transfer.taken.clone();
        self.check(undo.debit, undo.credit, undo.amount.points())?;
        self.reversed.insert(reversed);
        Ok(self.enter(posting, undo, given))
    }

    fn claw_back(&mut self, posting: &Posting, from: AccountRef, amount: Amount) -> Outcome {
        let (issuance, debt) = (AccountRef::ISSUANCE, AccountRef::debt_of(from.id));
        if from.kind != AccountKind::Member {
            return Err(Refusal::new(RefusalKind::Unknown));
        }
        self.check_room(issuance, amount.points())?;
        let account = self.account(from);
        // A closed wallet is empty; what it should give back is owed.
        let there = if account.is_closed { 0 } else { account.available().min(amount.points()) };
        let mut id = TransferId::new(posting.id);
        if let Some(amount) = Amount::new(there) {
            let kind = TransferKind::ClawBack;
            self.enter(
                posting,
                Move { id, kind, debit: from, credit: issuance, amount, reverses: None },
                Vec::new(),
            );
            id = TransferId::new(companion(posting.id));
        }
        if let Some(amount) = Amount::new(amount.points() - there) {
            let kind = TransferKind::Debt;
            self.enter(
                posting,
                Move { id, kind, debit: debt, credit: issuance, amount, reverses: None },
                Vec::new(),
            );
        }
        Ok(Done::Transferred(TransferId::new(posting.id)))
    }

    fn capture(&mut self, posting: &Posting, id: HoldId, amount: Option<Amount>) -> Outcome {
        let held = self.held(id)?;
        if posting.at >= held.expires_at {
            return Err(Refusal::new(RefusalKind::NotHeld));
        }
        let amount = amount.unwrap_or(held.amount);
        if amount > held.amount {
            let (has, needs) = (held.amount.points(), amount.points());
            return Err(Refusal { kind: RefusalKind::MoreThanHeld, has, needs });
        }
        if self.account(held.to).is_closed {
            return Err(Refusal::new(RefusalKind::Closed));
        }
        self.check_room(held.to, amount.points())?;
        let (debit, credit) = (held.from, held.to);
        self.settle_hold(posting, held, HoldState::Captured);
        let (id, kind) = (TransferId::new(posting.id), TransferKind::Capture);
        self.transfer(posting, Move { id, kind, debit, credit, amount, reverses: None })
    }

    fn held(&self, id: HoldId) -> Result<Hold, Refusal> {
        let hold = self.holds.get(&id).ok_or(Refusal::new(RefusalKind::Unknown))?;
        if hold.state == HoldState::Held { Ok(hold.clone()) } else { Err(Refusal::new(RefusalKind::NotHeld)) }
    }

    fn settle_hold(&mut self, posting: &Posting, hold: Hold, state: HoldState) {
        self.change_held(hold.from, -hold.amount.points());
        self.settled_holds.insert(hold.id);
        self.holds.insert(hold.id, Hold { state, settled_at: Some(posting.at), ..hold });
    }

    fn transfer(&mut self, posting: &Posting, wanted: Move) -> Outcome {
        self.check(wanted.debit, wanted.credit, wanted.amount.points())?;
        Ok(self.enter(posting, wanted, Vec::new()))
    }

    fn check(&self, debit: AccountRef, credit: AccountRef, points: i64) -> Result<(), Refusal> {
        if debit.id == credit.id {
            return Err(Refusal::new(RefusalKind::SameAccount));
        }
        let giver = self.account(debit);
        if giver.is_closed || self.account(credit).is_closed {
            return Err(Refusal::new(RefusalKind::Closed));
        }
        if giver.available() < points {
            return Err(Refusal { kind: RefusalKind::Insufficient, has: giver.available(), needs: points });
        }
        self.check_room(credit, points)?;
        if debit.kind == AccountKind::Issuance && giver.balance.checked_sub(points).is_none() {
            return Err(Refusal::new(RefusalKind::OutOfRange));
        }
        Ok(())
    }

    /// Nothing comes back to where points are made of that did not come from there, and no number overflows.
    fn check_room(&self, credit: AccountRef, points: i64) -> Result<(), Refusal> {
        let taker = self.account(credit);
        let room = match credit.kind {
            AccountKind::Issuance | AccountKind::Debt => -taker.balance,
            AccountKind::Member | AccountKind::Merchant | AccountKind::Expired => i64::MAX - taker.balance,
        };
        if room < points {
            return Err(Refusal { kind: RefusalKind::OutOfRange, has: room, needs: points });
        }
        Ok(())
    }

    /// Enters a transfer that was checked.
    fn enter(&mut self, posting: &Posting, wanted: Move, given: Lots) -> Done {
        let taken = self.take(&wanted);
        let Move { id, kind, debit, credit, amount, reverses } = wanted;
        let points = amount.points();
        let is_between_members =
            (debit.kind, credit.kind) == (AccountKind::Member, AccountKind::Member) && reverses.is_none();
        let given = if is_between_members { taken.clone() } else { given };
        let debit_entry = self.change(debit, -points, -sum(&taken), id);
        self.give(credit, &given);
        let credit_entry = self.change(credit, points, sum(&given), id);
        let transfer = Transfer {
            id,
            kind,
            debit,
            credit,
            amount,
            reason: posting.reason.clone(),
            actor: posting.actor.clone(),
            cause: posting.cause.clone(),
            reverses,
            taken,
            given,
            created_at: posting.at,
        };
        self.transfers.insert(id, transfer.clone());
        self.settlements.push(Settlement { transfer, debit: debit_entry, credit: credit_entry });
        Done::Transferred(id)
    }

    fn take(&mut self, wanted: &Move) -> Lots {
        let (from, points) = (wanted.debit, wanted.amount.points());
        let account = self.account(from);
        let undone = wanted.reverses.and_then(|id| self.transfers.get(&id));
        let Some(purse) = self.purses.get_mut(&from.id) else { return Vec::new() };
        let undated = account.balance - account.expiring;
        let taken = match wanted.kind {
            TransferKind::Reversal => {
                purse.take_back(points, undone.map_or(&[], |undone| &undone.given), undated)
            }
            TransferKind::ClawBack => purse.take_back(points, &[], undated),
            _ => purse.take(points),
        };
        self.changed_lots.extend(taken.iter().map(|lot| (from.id, lot.0)));
        taken
    }

    fn give(&mut self, to: AccountRef, given: &[Lot]) {
        for lot in given {
            self.purses.entry(to.id).or_default().add(*lot);
            self.changed_lots.insert((to.id, lot.0));
        }
    }

    fn change(&mut self, account: AccountRef, points: i64, expiring: i64, transfer_id: TransferId) -> Entry {
        let before = self.account(account);
        let after = Account {
            balance: before.balance + points,
            expiring: before.expiring + expiring,
            entries: before.entries + 1,
            ..before
        };
        self.changed.insert(after.id);
        self.accounts.insert(after.id, after);
        Entry {
            account_id: after.id,
            sequence: after.entries,
            transfer_id,
            amount: points,
            balance: after.balance,
        }
    }

    fn change_held(&mut self, account: AccountRef, points: i64) {
        let before = self.account(account);
        self.changed.insert(account.id);
        self.accounts.insert(account.id, Account { held: before.held + points, ..before });
    }

    fn account(&self, account: AccountRef) -> Account {
        self.accounts.get(&account.id).copied().unwrap_or(Account::untouched(account))
    }
}

#[cfg(test)]
mod tests;
