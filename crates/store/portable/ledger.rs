//! The points ledger. A batch is read and locked, decided in memory by the model's book, and written down.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use mainstay_model::{
    AccountId, HoldId, Timestamp, TransferId,
    ledger::{
        Account, AccountKind, AccountRef, Book, Done, Hold, HoldState, Lot, Order, Posting, PostingKey,
        Settled, Settlement, StatementLine, Transfer, Written,
    },
};
use mainstay_store::{Error, LedgerStore, Posted, Receipt, Result, StatementFilter};

use crate::{
    Tx,
    codec::Ts,
    ledger_batch,
    ledger_row::{
        account, account_columns, hold, hold_columns, line, line_columns, lot, settlement, transfer_columns,
        used_key,
    },
    row,
    value::{Statement, composed, query},
};

#[async_trait]
impl LedgerStore for Tx {
    async fn post(&mut self, batch: &[Posting]) -> Result<Vec<Posted>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut book = Book::default();
        let undone = settlements_by_ids(self, &undone_by(batch)).await?;
        let held = holds_by_ids(self, &holds_of(batch)).await?;
        let accounts =
            lock_accounts(self, &touched(batch, &undone, &held), &debts(batch), batch[0].at).await?;
        for row in ledger_batch::lots_of(self, &with_lots(&accounts)).await? {
            let (account, lot) = lot(&row)?;
            book.add_lot(account, lot);
        }
        let known = accounts.iter().map(|account| account.id).collect::<HashSet<_>>();
        let no_debts = debts(batch).difference(&known).copied().collect::<Vec<_>>();
        accounts.into_iter().for_each(|account| book.add_account(account));
        // Only now is it certain what others have left: whoever undoes, settles or repeats the same waits for the same accounts.
        let undone_ids = undone.iter().map(|settled| settled.transfer.id).collect::<Vec<_>>();
        let reversals = ledger_batch::reversed_among(self, &undone_ids).await?;
        for settled in undone {
            let is_reversed = reversals.contains(&settled.transfer.id);
            book.add_transfer(settled.transfer, is_reversed);
        }
        for hold in holds_by_ids(self, &held.iter().map(|hold| hold.id).collect::<Vec<_>>()).await? {
            book.add_hold(hold);
        }
        let keys = batch.iter().map(|posting| posting.key).collect::<Vec<_>>();
        for row in ledger_batch::used_keys(self, &keys).await? {
            let (key, record) = used_key(&row)?;
            book.add_key(key, record);
        }
        let settled = batch.iter().map(|posting| book.settle(posting)).collect::<Vec<_>>();
        let written = book.close();
        ledger_batch::write(self, &written, &no_debts, batch[0].at).await?;
        let receipts = receipts(self, written, &settled).await?;
        settled.iter().map(|settled| receipts.posted(*settled)).collect()
    }

    async fn used_posting_keys(&mut self, keys: &[PostingKey]) -> Result<HashSet<PostingKey>> {
        let rows = ledger_batch::used_keys(self, keys).await?;
        rows.iter().map(|row| used_key(row).map(|(key, _)| key)).collect()
    }

    async fn ledger_account(&mut self, id: AccountId) -> Result<Option<Account>> {
        let statement = query(concat!("SELECT ", account_columns!(), " FROM ledger_accounts WHERE id = $1"));
        row::read(self.one(statement.bind(id.uuid())).await?, account)
    }

    async fn transfer_by_id(&mut self, id: TransferId) -> Result<Option<Transfer>> {
        let statement =
            query(concat!("SELECT ", transfer_columns!(), " FROM ledger_transfers WHERE id = $1"));
        let found = row::read(self.one(statement.bind(id.uuid())).await?, settlement)?;
        Ok(found.map(|settled| settled.transfer))
    }

    async fn hold_by_id(&mut self, id: HoldId) -> Result<Option<Hold>> {
        let statement = query(concat!("SELECT ", hold_columns!(), " FROM ledger_holds WHERE id = $1"));
        row::read(self.one(statement.bind(id.uuid())).await?, hold)
    }

    async fn holds(
        &mut self,
        from: AccountId,
        state: Option<HoldState>,
        before: Option<HoldId>,
        limit: u32,
    ) -> Result<Vec<Hold>> {
        let before = before.map_or(uuid::Uuid::max(), HoldId::uuid);
        let rows = match state {
            None => {
                let statement = query(concat!(
                    "SELECT ",
                    hold_columns!(),
                    " FROM ledger_holds WHERE from_account = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
                ));
                self.all(statement.bind(from.uuid()).bind(before).bind(i64::from(limit))).await?
            }
            Some(state) => {
                let statement = query(concat!(
                    "SELECT ",
                    hold_columns!(),
                    " FROM ledger_holds WHERE from_account = $1 AND id < $2 AND state = $3 ORDER BY id DESC LIMIT $4"
                ));
                let statement = statement.bind(from.uuid()).bind(before).bind(state.as_str());
                self.all(statement.bind(i64::from(limit))).await?
            }
        };
        row::read_all(&rows, hold)
    }

    async fn statement(&mut self, id: AccountId, filter: &StatementFilter) -> Result<Vec<StatementLine>> {
        let rows = self.all(filtered(id, filter)).await?;
        row::read_all(&rows, line)
    }

    async fn balance_at(&mut self, id: AccountId, at: Timestamp) -> Result<i64> {
        let statement = query(
            "SELECT balance FROM ledger_entries WHERE account_id = $1 AND created_at <= $2 ORDER BY sequence DESC LIMIT 1",
        );
        let found = self.one(statement.bind(id.uuid()).bind(Ts(at))).await?;
        Ok(row::read(found, |row| row::get(row, "balance"))?.unwrap_or_default())
    }

    async fn lots(&mut self, id: AccountId) -> Result<Vec<Lot>> {
        let statement =
            query("SELECT account_id, day, points FROM ledger_lots WHERE account_id = $1 ORDER BY day");
        let rows = self.all(statement.bind(id.uuid())).await?;
        row::read_all(&rows, |row| lot(row).map(|(_, lot)| lot))
    }

    async fn lock_ledger_account(&mut self, account: AccountRef, at: Timestamp) -> Result<Account> {
        let needed = BTreeMap::from([(account.id, account)]);
        let locked = lock_accounts(self, &needed, &HashSet::new(), at).await?;
        locked.into_iter().next().ok_or_else(|| Error::Failed("an account was not opened".to_owned()))
    }

    async fn close_ledger_account(&mut self, account: AccountRef, at: Timestamp) -> Result<()> {
        self.write(
            query(
                "INSERT INTO ledger_accounts (id, kind, balance, held, expiring, entries, opened_at, closed_at) \
                 VALUES ($1, $2, 0, 0, 0, 0, $3, $3) ON CONFLICT (id) DO UPDATE SET closed_at = excluded.closed_at",
            )
            .bind(account.id.uuid())
            .bind(account.kind.as_str())
            .bind(Ts(at)),
        )
        .await?;
        Ok(())
    }
}

/// The transfers that the batch wants to undo.
fn undone_by(batch: &[Posting]) -> Vec<TransferId> {
    let undone = batch.iter().filter_map(|posting| match posting.order {
        Order::Reverse(id) => Some(id),
        _ => None,
    });
    undone.collect::<HashSet<_>>().into_iter().collect()
}

/// The holds that the batch wants to settle.
fn holds_of(batch: &[Posting]) -> Vec<HoldId> {
    let holds = batch.iter().filter_map(|posting| match posting.order {
        Order::Capture { hold, .. } | Order::Release(hold) => Some(hold),
        _ => None,
    });
    holds.collect::<HashSet<_>>().into_iter().collect()
}

async fn settlements_by_ids(tx: &mut Tx, ids: &[TransferId]) -> Result<Vec<Settlement>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    row::read_all(&ledger_batch::transfers_by_ids(tx, ids).await?, settlement)
}

async fn holds_by_ids(tx: &mut Tx, ids: &[HoldId]) -> Result<Vec<Hold>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    row::read_all(&ledger_batch::holds_by_ids(tx, ids).await?, hold)
}

/// Every account that the batch may change, by id.
fn touched(batch: &[Posting], undone: &[Settlement], held: &[Hold]) -> BTreeMap<AccountId, AccountRef> {
    let moved = batch.iter().flat_map(|posting| posting.order.accounts());
    let undone = undone.iter().flat_map(|settled| [settled.transfer.debit, settled.transfer.credit]);
    let held = held.iter().flat_map(|hold| [hold.from, hold.to]);
    moved.chain(undone).chain(held).map(|account| (account.id, account)).collect()
}

/// Accounts that matter to the batch if they are there.
fn debts(batch: &[Posting]) -> HashSet<AccountId> {
    batch.iter().filter_map(|posting| posting.order.debt()).collect()
}

fn with_lots(accounts: &[Account]) -> Vec<AccountId> {
    let expiring =
        accounts.iter().filter(|account| account.expiring > 0 && account.kind == AccountKind::Member);
    expiring.map(|account| account.id).collect()
}

/// Locks accounts in the order of their ids; of those that are needed, the ones that were never touched are opened first.
async fn lock_accounts(
    tx: &mut Tx,
    needed: &BTreeMap<AccountId, AccountRef>,
    wanted: &HashSet<AccountId>,
    at: Timestamp,
) -> Result<Vec<Account>> {
    let mut ids = needed.keys().chain(wanted).copied().collect::<Vec<_>>();
    ids.sort_unstable();
    ids.dedup();
    let found = row::read_all(&ledger_batch::lock_accounts(tx, &ids).await?, account)?;
    let known = found.iter().map(|account| account.id).collect::<HashSet<_>>();
    let is_new = |account: &&AccountRef| !known.contains(&account.id);
    let new = needed.values().filter(is_new).copied().collect::<Vec<_>>();
    if new.is_empty() {
        return Ok(found);
    }
    ledger_batch::open_accounts(tx, &new, at).await?;
    row::read_all(&ledger_batch::lock_accounts(tx, &ids).await?, account)
}

/// What a batch wrote, and what it wrote before under the same keys.
#[derive(Default)]
struct Receipts {
    transfers: HashMap<TransferId, Settlement>,
    holds: HashMap<HoldId, Hold>,
}

async fn receipts(tx: &mut Tx, written: Written, settled: &[Settled]) -> Result<Receipts> {
    let mut receipts = Receipts::default();
    let holds = written.new_holds.into_iter().chain(written.settled_holds);
    receipts.holds.extend(holds.map(|hold| (hold.id, hold)));
    receipts.transfers.extend(written.settlements.into_iter().map(|settled| (settled.transfer.id, settled)));
    let (mut transfers, mut holds) = (Vec::new(), Vec::new());
    for settled in settled {
        match settled {
            Settled::Before(Ok(Done::Transferred(id))) if !receipts.transfers.contains_key(id) => {
                transfers.extend([*id, id.companion()]);
            }
            Settled::Before(Ok(Done::Held(id) | Done::Released(id))) if !receipts.holds.contains_key(id) => {
                holds.push(*id);
            }
            _ => {}
        }
    }
    let before = settlements_by_ids(tx, &transfers).await?;
    receipts.transfers.extend(before.into_iter().map(|settled| (settled.transfer.id, settled)));
    let before = holds_by_ids(tx, &holds).await?;
    receipts.holds.extend(before.into_iter().map(|hold| (hold.id, hold)));
    Ok(receipts)
}

impl Receipts {
    fn posted(&self, settled: Settled) -> Result<Posted> {
        let (outcome, is_replay) = match settled {
            Settled::Now(outcome) => (outcome, false),
            Settled::Before(outcome) => (outcome, true),
            Settled::KeyReused => return Ok(Posted::KeyReused),
        };
        let done = match outcome {
            Ok(done) => done,
            Err(refusal) => return Ok(Posted::Refused { refusal, is_replay }),
        };
        let companion = match done {
            Done::Transferred(id) => self.transfers.get(&id.companion()).cloned().map(Box::new),
            _ => None,
        };
        let receipt = match done {
            Done::Transferred(id) => self.transfers.get(&id).cloned().map(Box::new).map(Receipt::Transfer),
            Done::Held(id) => {
                self.holds.get(&id).cloned().map(Hold::when_made).map(Box::new).map(Receipt::Hold)
            }
            Done::Released(id) => self.holds.get(&id).cloned().map(Box::new).map(Receipt::Hold),
        };
        let lost = || Error::Failed("a key has lost what it stands for".to_owned());
        Ok(Posted::Done { receipt: receipt.ok_or_else(lost)?, companion, is_replay })
    }
}

/// Only the conditions that are asked for are written down: with `$1 IS NULL OR …` neither engine would use an index.
fn filtered(id: AccountId, filter: &StatementFilter) -> Statement {
    let conditions = [
        (filter.kind.is_some(), "kind = $"),
        (filter.since.is_some(), "created_at >= $"),
        (filter.until.is_some(), "created_at < $"),
        (filter.before_sequence.is_some(), "sequence < $"),
    ];
    let mut sql = concat!("SELECT ", line_columns!(), " WHERE account_id = $1").to_owned();
    let mut number = 1;
    for (_, condition) in conditions.into_iter().filter(|(asked, _)| *asked) {
        number += 1;
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('$', &format!("${number}")));
    }
    sql.push_str(&format!(" ORDER BY sequence DESC LIMIT ${}", number + 1));
    let mut statement = composed(sql).bind(id.uuid());
    if let Some(kind) = filter.kind {
        statement = statement.bind(kind.as_str());
    }
    for at in [filter.since, filter.until].into_iter().flatten() {
        statement = statement.bind(Ts(at));
    }
    if let Some(sequence) = filter.before_sequence {
        statement = statement.bind(sequence);
    }
    statement.bind(i64::from(filter.limit))
}
