//! The ledger's batches in this dialect: an array for each column. Accounts are locked in the order of their ids, so that two batches
//! never wait for one another.

use std::collections::HashSet;

use mainstay_model::{
    AccountId, HoldId, Timestamp, TransferId,
    ledger::{AccountRef, Lot, PostingKey, Settlement, Written},
};
use mainstay_store::{Error, Result};
use uuid::Uuid;

use crate::{
    Tx,
    batch::column,
    codec::{Row, Ts},
    ledger_row::{account_columns, hold_columns, kept_done, kept_lots, transfer_columns},
    row,
    value::{Statement, Text, query},
};

/// Text of people or providers, a column.
fn texts<'a, T>(items: &'a [T], text: impl Fn(&'a T) -> &'a str) -> Vec<Text<'a>> {
    items.iter().map(|item| Text(text(item))).collect()
}

async fn found(tx: &mut Tx, statement: &'static str, ids: Vec<Uuid>) -> Result<Vec<Row>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(query(statement).bind(ids)).await
}

pub(crate) async fn lock_accounts(tx: &mut Tx, wanted: &[AccountId]) -> Result<Vec<Row>> {
    let statement = query(concat!(
        "SELECT ",
        account_columns!(),
        " FROM ledger_accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
    ));
    tx.write_all(statement.bind(column(wanted, |id| id.uuid()))).await
}

pub(crate) async fn open_accounts(tx: &mut Tx, accounts: &[AccountRef], at: Timestamp) -> Result<()> {
    // In the order of ids, as everybody who opens some: whoever opens the same waits for this one.
    let statement = query(
        "INSERT INTO ledger_accounts (id, kind, balance, held, expiring, entries, opened_at) \
         SELECT n.id, n.kind, 0, 0, 0, 0, $3 FROM UNNEST($1, $2) AS n (id, kind) ORDER BY n.id ON CONFLICT (id) DO NOTHING",
    );
    tx.write(
        statement
            .bind(column(accounts, |account| account.id.uuid()))
            .bind(column(accounts, |account| account.kind.as_str()))
            .bind(Ts(at)),
    )
    .await?;
    Ok(())
}

pub(crate) async fn lots_of(tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<Row>> {
    let sql = "SELECT account_id, day, points FROM ledger_lots WHERE account_id = ANY($1)";
    found(tx, sql, column(accounts, |id| id.uuid())).await
}

pub(crate) async fn transfers_by_ids(tx: &mut Tx, wanted: &[TransferId]) -> Result<Vec<Row>> {
    let sql = concat!("SELECT ", transfer_columns!(), " FROM ledger_transfers WHERE id = ANY($1)");
    found(tx, sql, column(wanted, |id| id.uuid())).await
}

pub(crate) async fn holds_by_ids(tx: &mut Tx, wanted: &[HoldId]) -> Result<Vec<Row>> {
    let sql = concat!("SELECT ", hold_columns!(), " FROM ledger_holds WHERE id = ANY($1)");
    found(tx, sql, column(wanted, |id| id.uuid())).await
}

/// Those of the transfers that were undone.
pub(crate) async fn reversed_among(tx: &mut Tx, transfers: &[TransferId]) -> Result<HashSet<TransferId>> {
    let sql = "SELECT reverses FROM ledger_transfers WHERE reverses = ANY($1)";
    let rows = found(tx, sql, column(transfers, |id| id.uuid())).await?;
    rows.iter().map(|row| row::uuid(row, "reverses").map(TransferId::new)).collect()
}

/// Those of the keys that were used before.
pub(crate) async fn used_keys(tx: &mut Tx, keys: &[PostingKey]) -> Result<Vec<Row>> {
    let sql =
        "SELECT key, fingerprint, done, done_id, refusal, has, needs FROM ledger_keys WHERE key = ANY($1)";
    found(tx, sql, column(keys, |key| key.0)).await
}

/// Writes down what a batch came to, as long as the debts that were not there are still not there: whoever opened one while this
/// batch waited for an account has committed it after the moment at which this batch looked.
pub(crate) async fn write(
    tx: &mut Tx,
    written: &Written,
    no_debts: &[AccountId],
    at: Timestamp,
) -> Result<()> {
    if written.keys.is_empty() {
        return Ok(());
    }
    keep_keys(tx, written, at).await?;
    if !written.settlements.is_empty() {
        keep_transfers(tx, &written.settlements).await?;
    }
    keep_holds(tx, written).await?;
    keep_lots(tx, written).await?;
    keep_accounts(tx, written, no_debts).await
}

async fn keep_keys(tx: &mut Tx, written: &Written, at: Timestamp) -> Result<()> {
    let keys = &written.keys;
    let done = keys.iter().map(|(_, record)| record.outcome.ok().map(kept_done)).collect::<Vec<_>>();
    let refusals = keys.iter().map(|(_, record)| record.outcome.err()).collect::<Vec<_>>();
    // Two requests under one key that stand for different accounts do not wait for each other; the second is settled anew.
    tx.write_raced(
        query(
            "INSERT INTO ledger_keys (key, fingerprint, done, done_id, refusal, has, needs, created_at) \
             SELECT n.*, $8 FROM UNNEST($1, $2, $3, $4, $5, $6, $7) AS n",
        )
        .bind(column(keys, |(key, _)| key.0))
        .bind(column(keys, |(_, record)| record.fingerprint.to_vec()))
        .bind(column(&done, |done| done.map(|done| done.0)))
        .bind(column(&done, |done| done.map(|done| done.1)))
        .bind(column(&refusals, |refusal| refusal.map(|refusal| refusal.kind.as_str())))
        .bind(column(&refusals, |refusal| refusal.map_or(0, |refusal| refusal.has)))
        .bind(column(&refusals, |refusal| refusal.map_or(0, |refusal| refusal.needs)))
        .bind(Ts(at)),
    )
    .await?;
    Ok(())
}

async fn keep_transfers(tx: &mut Tx, settled: &[Settlement]) -> Result<()> {
    let lots = |lots: fn(&Settlement) -> &[Lot]| {
        settled.iter().map(|settled| kept_lots(lots(settled))).collect::<Result<Vec<_>>>()
    };
    let taken = lots(|settled| &settled.transfer.taken)?;
    let given = lots(|settled| &settled.transfer.given)?;
    tx.write(
        query(
            "INSERT INTO ledger_transfers (id, kind, debit_account, debit_kind, credit_account, credit_kind, amount, \
             debit_sequence, debit_balance, credit_sequence, credit_balance, reason, actor, cause, reverses, taken, given, \
             created_at) \
             SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        )
        .bind(column(settled, |settled| settled.transfer.id.uuid()))
        .bind(column(settled, |settled| settled.transfer.kind.as_str()))
        .bind(column(settled, |settled| settled.transfer.debit.id.uuid()))
        .bind(column(settled, |settled| settled.transfer.debit.kind.as_str()))
        .bind(column(settled, |settled| settled.transfer.credit.id.uuid()))
        .bind(column(settled, |settled| settled.transfer.credit.kind.as_str()))
        .bind(column(settled, |settled| settled.transfer.amount.points()))
        .bind(column(settled, |settled| settled.debit.sequence))
        .bind(column(settled, |settled| settled.debit.balance))
        .bind(column(settled, |settled| settled.credit.sequence))
        .bind(column(settled, |settled| settled.credit.balance))
        .bind(texts(settled, |settled| &settled.transfer.reason))
        .bind(texts(settled, |settled| &settled.transfer.actor))
        .bind(texts(settled, |settled| &settled.transfer.cause))
        .bind(column(settled, |settled| settled.transfer.reverses.map(TransferId::uuid)))
        .bind(taken)
        .bind(given)
        .bind(column(settled, |settled| Ts(settled.transfer.created_at))),
    )
    .await?;
    Ok(())
}

async fn keep_holds(tx: &mut Tx, written: &Written) -> Result<()> {
    let new = &written.new_holds;
    if !new.is_empty() {
        tx.write(
            query(
                "INSERT INTO ledger_holds (id, from_account, from_kind, to_account, to_kind, amount, state, expires_at, \
                 reason, actor, cause, created_at, settled_at) \
                 SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            )
            .bind(column(new, |hold| hold.id.uuid()))
            .bind(column(new, |hold| hold.from.id.uuid()))
            .bind(column(new, |hold| hold.from.kind.as_str()))
            .bind(column(new, |hold| hold.to.id.uuid()))
            .bind(column(new, |hold| hold.to.kind.as_str()))
            .bind(column(new, |hold| hold.amount.points()))
            .bind(column(new, |hold| hold.state.as_str()))
            .bind(column(new, |hold| Ts(hold.expires_at)))
            .bind(texts(new, |hold| &hold.reason))
            .bind(texts(new, |hold| &hold.actor))
            .bind(texts(new, |hold| &hold.cause))
            .bind(column(new, |hold| Ts(hold.created_at)))
            .bind(column(new, |hold| hold.settled_at.map(Ts))),
        )
        .await?;
    }
    let settled = &written.settled_holds;
    if settled.is_empty() {
        return Ok(());
    }
    let statement = query(
        "UPDATE ledger_holds AS h SET state = n.state, settled_at = n.settled_at \
         FROM UNNEST($1, $2, $3) AS n (id, state, settled_at) WHERE h.id = n.id AND h.state = 'held'",
    )
    .bind(column(settled, |hold| hold.id.uuid()))
    .bind(column(settled, |hold| hold.state.as_str()))
    .bind(column(settled, |hold| hold.settled_at.map(Ts)));
    changed_all(tx, statement, settled.len(), "hold").await
}

async fn keep_lots(tx: &mut Tx, written: &Written) -> Result<()> {
    let (gone, left): (Vec<_>, Vec<_>) = written.lots.iter().partition(|(_, lot)| lot.1 == 0);
    if !left.is_empty() {
        tx.write(
            query(
                "INSERT INTO ledger_lots (account_id, day, points) SELECT * FROM UNNEST($1, $2, $3) \
                 ON CONFLICT (account_id, day) DO UPDATE SET points = excluded.points",
            )
            .bind(column(&left, |(account, _)| account.uuid()))
            .bind(column(&left, |(_, lot)| lot.0.number()))
            .bind(column(&left, |(_, lot)| lot.1)),
        )
        .await?;
    }
    if !gone.is_empty() {
        tx.write(
            query(
                "DELETE FROM ledger_lots AS l USING UNNEST($1, $2) AS n (account_id, day) \
                 WHERE l.account_id = n.account_id AND l.day = n.day",
            )
            .bind(column(&gone, |(account, _)| account.uuid()))
            .bind(column(&gone, |(_, lot)| lot.0.number())),
        )
        .await?;
    }
    Ok(())
}

async fn keep_accounts(tx: &mut Tx, written: &Written, no_debts: &[AccountId]) -> Result<()> {
    let accounts = &written.accounts;
    if accounts.is_empty() {
        return Ok(());
    }
    let statement = query(
        "UPDATE ledger_accounts AS a SET balance = n.balance, held = n.held, expiring = n.expiring, entries = n.entries \
         FROM UNNEST($1, $2, $3, $4, $5) AS n (id, balance, held, expiring, entries) WHERE a.id = n.id \
         AND NOT EXISTS (SELECT FROM ledger_accounts AS d WHERE d.id = ANY($6))",
    )
    .bind(column(accounts, |account| account.id.uuid()))
    .bind(column(accounts, |account| account.balance))
    .bind(column(accounts, |account| account.held))
    .bind(column(accounts, |account| account.expiring))
    .bind(column(accounts, |account| account.entries))
    .bind(column(no_debts, |id| id.uuid()));
    match tx.write(statement).await? {
        0 if !no_debts.is_empty() => {
            Err(tx.refuse(Error::Contention("a debt was opened meanwhile".to_owned())))
        }
        changed if changed == accounts.len() as u64 => Ok(()),
        _ => Err(tx.refuse(not_there("account"))),
    }
}

async fn changed_all(tx: &mut Tx, statement: Statement, all: usize, what: &str) -> Result<()> {
    if tx.write(statement).await? == all as u64 {
        return Ok(());
    }
    Err(tx.refuse(not_there(what)))
}

fn not_there(what: &str) -> Error {
    Error::Failed(format!("a {what} was not there to be changed"))
}
