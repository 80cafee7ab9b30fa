//! The ledger's batches in this dialect: one prepared statement, run once for each item. A write transaction has the database for
//! itself, so accounts need no lock.

use std::collections::HashSet;

use mainstay_model::{
    AccountId, HoldId, Timestamp, TransferId,
    ledger::{AccountRef, Hold, PostingKey, Written},
};
use mainstay_store::{Error, Result};
use rusqlite::params;
use uuid::Uuid;

use crate::{
    Tx,
    batch::kept,
    checked::{checked_micros, checked_text},
    codec::Row,
    connection::Connection,
    error::from_sqlite,
    ledger_row::{account_columns, hold_columns, kept_done, kept_lots, transfer_columns},
    row,
};

fn by_ids(tx: &mut Tx, sql: &str, ids: impl Iterator<Item = Uuid>) -> Result<Vec<Row>> {
    let ids = ids.map(Uuid::into_bytes).collect::<Vec<_>>();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.reading(|connection| connection.all_of_each(sql, &ids))
}

pub(crate) async fn lock_accounts(tx: &mut Tx, wanted: &[AccountId]) -> Result<Vec<Row>> {
    tx.check_writable()?;
    let sql = concat!("SELECT ", account_columns!(), " FROM ledger_accounts WHERE id = ?1");
    by_ids(tx, sql, wanted.iter().map(|id| id.uuid()))
}

pub(crate) async fn open_accounts(tx: &mut Tx, accounts: &[AccountRef], at: Timestamp) -> Result<()> {
    tx.writing(|connection| {
        let at = kept(checked_micros(at))?;
        let mut insert = connection.prepared(
            "INSERT INTO ledger_accounts (id, kind, balance, held, expiring, entries, opened_at) \
             VALUES (?1, ?2, 0, 0, 0, 0, ?3) ON CONFLICT (id) DO NOTHING",
        )?;
        for account in accounts {
            insert
                .execute(params![account.id.uuid().into_bytes(), account.kind.as_str(), at])
                .map_err(from_sqlite)?;
        }
        Ok(())
    })
}

pub(crate) async fn lots_of(tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<Row>> {
    let sql = "SELECT account_id, day, points FROM ledger_lots WHERE account_id = ?1";
    by_ids(tx, sql, accounts.iter().map(|id| id.uuid()))
}

pub(crate) async fn transfers_by_ids(tx: &mut Tx, wanted: &[TransferId]) -> Result<Vec<Row>> {
    let sql = concat!("SELECT ", transfer_columns!(), " FROM ledger_transfers WHERE id = ?1");
    by_ids(tx, sql, wanted.iter().map(|id| id.uuid()))
}

pub(crate) async fn holds_by_ids(tx: &mut Tx, wanted: &[HoldId]) -> Result<Vec<Row>> {
    let sql = concat!("SELECT ", hold_columns!(), " FROM ledger_holds WHERE id = ?1");
    by_ids(tx, sql, wanted.iter().map(|id| id.uuid()))
}

/// Those of the transfers that were undone.
pub(crate) async fn reversed_among(tx: &mut Tx, transfers: &[TransferId]) -> Result<HashSet<TransferId>> {
    let sql = "SELECT reverses FROM ledger_transfers WHERE reverses = ?1";
    let rows = by_ids(tx, sql, transfers.iter().map(|id| id.uuid()))?;
    rows.iter().map(|row| row::uuid(row, "reverses").map(TransferId::new)).collect()
}

/// Those of the keys that were used before.
pub(crate) async fn used_keys(tx: &mut Tx, keys: &[PostingKey]) -> Result<Vec<Row>> {
    let sql = "SELECT key, fingerprint, done, done_id, refusal, has, needs FROM ledger_keys WHERE key = ?1";
    by_ids(tx, sql, keys.iter().map(|key| key.0))
}

/// Writes down what a batch came to. Nobody else writes meanwhile, so debts that were not there are still not there.
pub(crate) async fn write(
    tx: &mut Tx,
    written: &Written,
    _no_debts: &[AccountId],
    at: Timestamp,
) -> Result<()> {
    tx.writing(|connection| {
        keep_keys(connection, written, at)?;
        keep_transfers(connection, written)?;
        keep_holds(connection, written)?;
        keep_lots(connection, written)?;
        keep_accounts(connection, written)
    })
}

fn keep_keys(connection: &Connection, written: &Written, at: Timestamp) -> Result<()> {
    let at = kept(checked_micros(at))?;
    let mut insert = connection.prepared(
        "INSERT INTO ledger_keys (key, fingerprint, done, done_id, refusal, has, needs, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (key, record) in &written.keys {
        let done = record.outcome.ok().map(kept_done);
        let refusal = record.outcome.err();
        let values = params![
            key.0.into_bytes(),
            record.fingerprint,
            done.map(|done| done.0),
            done.map(|done| done.1.into_bytes()),
            refusal.map(|refusal| refusal.kind.as_str()),
            refusal.map_or(0, |refusal| refusal.has),
            refusal.map_or(0, |refusal| refusal.needs),
            at,
        ];
        insert.execute(values).map_err(from_sqlite)?;
    }
    Ok(())
}

fn keep_transfers(connection: &Connection, written: &Written) -> Result<()> {
    let mut insert = connection.prepared(
        "INSERT INTO ledger_transfers (id, kind, debit_account, debit_kind, credit_account, credit_kind, amount, \
         debit_sequence, debit_balance, credit_sequence, credit_balance, reason, actor, cause, reverses, taken, given, \
         created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?;
    for settled in &written.settlements {
        let transfer = &settled.transfer;
        let values = params![
            transfer.id.uuid().into_bytes(),
            transfer.kind.as_str(),
            transfer.debit.id.uuid().into_bytes(),
            transfer.debit.kind.as_str(),
            transfer.credit.id.uuid().into_bytes(),
            transfer.credit.kind.as_str(),
            transfer.amount.points(),
            settled.debit.sequence,
            settled.debit.balance,
            settled.credit.sequence,
            settled.credit.balance,
            kept(checked_text(&transfer.reason))?,
            kept(checked_text(&transfer.actor))?,
            kept(checked_text(&transfer.cause))?,
            transfer.reverses.map(|id| id.uuid().into_bytes()),
            kept_lots(&transfer.taken)?,
            kept_lots(&transfer.given)?,
            kept(checked_micros(transfer.created_at))?,
        ];
        insert.execute(values).map_err(from_sqlite)?;
    }
    Ok(())
}

fn keep_holds(connection: &Connection, written: &Written) -> Result<()> {
    let settled_at = |hold: &Hold| hold.settled_at.map(checked_micros).transpose();
    let mut insert = connection.prepared(
        "INSERT INTO ledger_holds (id, from_account, from_kind, to_account, to_kind, amount, state, expires_at, reason, \
         actor, cause, created_at, settled_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for hold in &written.new_holds {
        let values = params![
            hold.id.uuid().into_bytes(),
            hold.from.id.uuid().into_bytes(),
            hold.from.kind.as_str(),
            hold.to.id.uuid().into_bytes(),
            hold.to.kind.as_str(),
            hold.amount.points(),
            hold.state.as_str(),
            kept(checked_micros(hold.expires_at))?,
            kept(checked_text(&hold.reason))?,
            kept(checked_text(&hold.actor))?,
            kept(checked_text(&hold.cause))?,
            kept(checked_micros(hold.created_at))?,
            kept(settled_at(hold))?,
        ];
        insert.execute(values).map_err(from_sqlite)?;
    }
    let mut settle = connection
        .prepared("UPDATE ledger_holds SET state = ?2, settled_at = ?3 WHERE id = ?1 AND state = 'held'")?;
    for hold in &written.settled_holds {
        let values = params![hold.id.uuid().into_bytes(), hold.state.as_str(), kept(settled_at(hold))?];
        changed_one(settle.execute(values), "hold")?;
    }
    Ok(())
}

fn keep_lots(connection: &Connection, written: &Written) -> Result<()> {
    let mut keep = connection.prepared(
        "INSERT INTO ledger_lots (account_id, day, points) VALUES (?1, ?2, ?3) \
         ON CONFLICT (account_id, day) DO UPDATE SET points = excluded.points",
    )?;
    let mut remove = connection.prepared("DELETE FROM ledger_lots WHERE account_id = ?1 AND day = ?2")?;
    for (account, lot) in &written.lots {
        let (account, day) = (account.uuid().into_bytes(), lot.0.number());
        let done = match lot.1 {
            0 => remove.execute(params![account, day]),
            points => keep.execute(params![account, day, points]),
        };
        done.map_err(from_sqlite)?;
    }
    Ok(())
}

fn keep_accounts(connection: &Connection, written: &Written) -> Result<()> {
    let mut update = connection.prepared(
        "UPDATE ledger_accounts SET balance = ?2, held = ?3, expiring = ?4, entries = ?5 WHERE id = ?1",
    )?;
    for account in &written.accounts {
        let values = params![
            account.id.uuid().into_bytes(),
            account.balance,
            account.held,
            account.expiring,
            account.entries
        ];
        changed_one(update.execute(values), "account")?;
    }
    Ok(())
}

fn changed_one(changed: rusqlite::Result<usize>, what: &str) -> Result<()> {
    match changed.map_err(from_sqlite)? {
        1 => Ok(()),
        _ => Err(Error::Failed(format!("a {what} was not there to be changed"))),
    }
}
