//! Rows of the ledger's tables, read.

use mainstay_model::{
    AccountId, Day, HoldId, TransferId,
    ledger::{
        Account, AccountRef, Amount, Closing, Done, Entry, Hold, KeyRecord, Lot, Lots, PostingKey, Refusal,
        Settlement, StatementLine, Transfer,
    },
};
use mainstay_store::{Error, Result};
use uuid::Uuid;

use crate::{codec::Row, row};

macro_rules! account_columns {
    () => {
        "id, kind, balance, held, expiring, entries, closed_at"
    };
}
pub(crate) use account_columns;

macro_rules! transfer_columns {
    () => {
        "id, kind, debit_account, debit_kind, credit_account, credit_kind, amount, debit_sequence, debit_balance, \
         credit_sequence, credit_balance, reason, actor, cause, reverses, taken, given, created_at"
    };
}
pub(crate) use transfer_columns;

macro_rules! line_columns {
    () => {
        concat!(
            "account_id, sequence, entry_amount, balance, ",
            $crate::ledger_row::transfer_columns!(),
            " FROM ledger_entries"
        )
    };
}
pub(crate) use line_columns;

macro_rules! hold_columns {
    () => {
        "id, from_account, from_kind, to_account, to_kind, amount, state, expires_at, reason, actor, cause, created_at, \
         settled_at"
    };
}
pub(crate) use hold_columns;

pub(crate) fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        id: AccountId::new(row::uuid(row, "id")?),
        kind: row::word(row, "kind")?,
        balance: row::get(row, "balance")?,
        held: row::get(row, "held")?,
        expiring: row::get(row, "expiring")?,
        entries: row::get(row, "entries")?,
        is_closed: row::at_opt(row, "closed_at")?.is_some(),
    })
}

fn side(row: &Row, id: &str, kind: &str) -> Result<AccountRef> {
    Ok(AccountRef { id: AccountId::new(row::uuid(row, id)?), kind: row::word(row, kind)? })
}

fn amount(row: &Row) -> Result<Amount> {
    Amount::new(row::get(row, "amount")?).ok_or_else(|| Error::Failed("an amount out of bounds".to_owned()))
}

fn lots(row: &Row, column: &str) -> Result<Lots> {
    match row::get::<Option<&str>>(row, column)? {
        None => Ok(Lots::new()),
        Some(text) => {
            serde_json::from_str(text).map_err(|_| Error::Failed(format!("column {column} holds no lots")))
        }
    }
}

/// How lots are kept; nothing when there are none.
pub(crate) fn kept_lots(lots: &[Lot]) -> Result<Option<String>> {
    if lots.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(lots).map(Some).map_err(|error| Error::Failed(error.to_string()))
}

fn transfer(row: &Row) -> Result<Transfer> {
    Ok(Transfer {
        id: TransferId::new(row::uuid(row, "id")?),
        kind: row::word(row, "kind")?,
        debit: side(row, "debit_account", "debit_kind")?,
        credit: side(row, "credit_account", "credit_kind")?,
        amount: amount(row)?,
        reason: row::get(row, "reason")?,
        actor: row::get(row, "actor")?,
        cause: row::get(row, "cause")?,
        reverses: row::get::<Option<Uuid>>(row, "reverses")?.map(TransferId::new),
        taken: lots(row, "taken")?,
        given: lots(row, "given")?,
        created_at: row::at(row, "created_at")?,
    })
}

pub(crate) fn settlement(row: &Row) -> Result<Settlement> {
    let transfer = transfer(row)?;
    let entry = |account: AccountRef, sequence: &str, amount: i64, balance: &str| -> Result<Entry> {
        Ok(Entry {
            account_id: account.id,
            sequence: row::get(row, sequence)?,
            transfer_id: transfer.id,
            amount,
            balance: row::get(row, balance)?,
        })
    };
    let points = transfer.amount.points();
    Ok(Settlement {
        debit: entry(transfer.debit, "debit_sequence", -points, "debit_balance")?,
        credit: entry(transfer.credit, "credit_sequence", points, "credit_balance")?,
        transfer,
    })
}

pub(crate) fn line(row: &Row) -> Result<StatementLine> {
    let transfer = transfer(row)?;
    let entry = Entry {
        account_id: AccountId::new(row::uuid(row, "account_id")?),
        sequence: row::get(row, "sequence")?,
        transfer_id: transfer.id,
        amount: row::get(row, "entry_amount")?,
        balance: row::get(row, "balance")?,
    };
    Ok(StatementLine { entry, transfer })
}

pub(crate) fn hold(row: &Row) -> Result<Hold> {
    Ok(Hold {
        id: HoldId::new(row::uuid(row, "id")?),
        from: side(row, "from_account", "from_kind")?,
        to: side(row, "to_account", "to_kind")?,
        amount: amount(row)?,
        state: row::word(row, "state")?,
        expires_at: row::at(row, "expires_at")?,
        reason: row::get(row, "reason")?,
        actor: row::get(row, "actor")?,
        cause: row::get(row, "cause")?,
        created_at: row::at(row, "created_at")?,
        settled_at: row::at_opt(row, "settled_at")?,
    })
}

pub(crate) fn lot(row: &Row) -> Result<(AccountId, Lot)> {
    let account = AccountId::new(row::uuid(row, "account_id")?);
    Ok((account, Lot(Day::new(row::get(row, "day")?), row::get(row, "points")?)))
}

pub(crate) fn used_key(row: &Row) -> Result<(PostingKey, KeyRecord)> {
    let done_id: Option<Uuid> = row::get(row, "done_id")?;
    let outcome = match done_id {
        Some(id) => Ok(match row::get(row, "done")? {
            "transferred" => Done::Transferred(TransferId::new(id)),
            "held" => Done::Held(HoldId::new(id)),
            "released" => Done::Released(HoldId::new(id)),
            _ => return Err(Error::Failed("a key stands for something unknown".to_owned())),
        }),
        None => Err(Refusal {
            kind: row::word(row, "refusal")?,
            has: row::get(row, "has")?,
            needs: row::get(row, "needs")?,
        }),
    };
    let key = PostingKey(row::uuid(row, "key")?);
    Ok((key, KeyRecord { fingerprint: row::hash(row, "fingerprint")?, outcome }))
}

/// The columns `done` and `done_id` of a key.
pub(crate) fn kept_done(done: Done) -> (&'static str, Uuid) {
    match done {
        Done::Transferred(id) => ("transferred", id.uuid()),
        Done::Held(id) => ("held", id.uuid()),
        Done::Released(id) => ("released", id.uuid()),
    }
}

pub(crate) fn closing(row: &Row) -> Result<Closing> {
    Ok(Closing {
        day: Day::new(row::get(row, "day")?),
        transfers: row::get(row, "transfers")?,
        points: row::get(row, "points")?,
        digest: row::hash(row, "digest")?,
        previous: row::hash(row, "previous")?,
        hash: row::hash(row, "hash")?,
        closed_at: row::at(row, "closed_at")?,
    })
}
