//! What runs out in the ledger, and its books as a whole.

use async_trait::async_trait;
use mainstay_model::{
    AccountId, Day, Timestamp, TransferId,
    ledger::{Account, AccountKind, AccountRef, Closing, Hold, Settlement, StatementLine},
};
use mainstay_store::{Error, LedgerBooksStore, LedgerTotals, Result};

use crate::{
    Tx, batch,
    codec::Ts,
    ledger_row::{
        account, account_columns, closing, hold, hold_columns, line, line_columns, settlement,
        transfer_columns,
    },
    row,
    value::query,
};

macro_rules! closing_columns {
    () => {
        "SELECT day, transfers, points, digest, previous, hash, closed_at FROM ledger_closings"
    };
}

#[async_trait]
impl LedgerBooksStore for Tx {
    async fn expired_holds(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Hold>> {
        let statement = query(concat!(
            "SELECT ",
            hold_columns!(),
            " FROM ledger_holds WHERE state = 'held' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2"
        ));
        let rows = self.all(statement.bind(Ts(now)).bind(i64::from(limit))).await?;
        row::read_all(&rows, hold)
    }

    async fn wallets_with_expired_points(
        &mut self,
        day: Day,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountRef>> {
        let after = after.map_or(uuid::Uuid::nil(), AccountId::uuid);
        let statement = query(
            "SELECT DISTINCT l.account_id FROM ledger_lots AS l JOIN ledger_accounts AS a ON a.id = l.account_id \
             WHERE l.day <= $1 AND l.account_id > $2 AND a.balance > a.held ORDER BY l.account_id LIMIT $3",
        );
        let statement = statement.bind(day.number()).bind(after).bind(i64::from(limit));
        let rows = self.all(statement).await?;
        row::read_all(&rows, |row| {
            Ok(AccountRef { id: AccountId::new(row::uuid(row, "account_id")?), kind: AccountKind::Member })
        })
    }

    async fn ledger_accounts(&mut self, after: Option<AccountId>, limit: u32) -> Result<Vec<Account>> {
        // No account has the smallest id, so the first page is a page like any other.
        let after = after.map_or(uuid::Uuid::nil(), AccountId::uuid);
        let statement = query(concat!(
            "SELECT ",
            account_columns!(),
            " FROM ledger_accounts WHERE id > $1 ORDER BY id LIMIT $2"
        ));
        let rows = self.all(statement.bind(after).bind(i64::from(limit))).await?;
        row::read_all(&rows, account)
    }

    async fn ledger_lines(
        &mut self,
        id: AccountId,
        after_sequence: i64,
        limit: u32,
    ) -> Result<Vec<StatementLine>> {
        let statement = query(concat!(
            "SELECT ",
            line_columns!(),
            " WHERE account_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
        ));
        let rows = self.all(statement.bind(id.uuid()).bind(after_sequence).bind(i64::from(limit))).await?;
        row::read_all(&rows, line)
    }

    async fn settlements(
        &mut self,
        from: TransferId,
        before: TransferId,
        limit: u32,
    ) -> Result<Vec<Settlement>> {
        let statement = query(concat!(
            "SELECT ",
            transfer_columns!(),
            " FROM ledger_transfers WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3"
        ));
        let rows = self.all(statement.bind(from.uuid()).bind(before.uuid()).bind(i64::from(limit))).await?;
        row::read_all(&rows, settlement)
    }

    async fn ledger_totals(&mut self) -> Result<LedgerTotals> {
        let statement = query(
            "SELECT (SELECT count(*) FROM ledger_transfers) AS transfers, count(*) AS accounts, \
             CAST(COALESCE(sum(entries), 0) AS BIGINT) AS entries, CAST(COALESCE(sum(balance), 0) AS BIGINT) AS balance, \
             CAST(COALESCE(sum(held), 0) AS BIGINT) AS held FROM ledger_accounts",
        );
        let row = self.one(statement).await?;
        let row = row.ok_or_else(|| Error::Failed("the ledger has no totals".to_owned()))?;
        Ok(LedgerTotals {
            accounts: row::get(&row, "accounts")?,
            transfers: row::get(&row, "transfers")?,
            entries: row::get(&row, "entries")?,
            balance: row::get(&row, "balance")?,
            held: row::get(&row, "held")?,
        })
    }

    async fn lock_last_closing(&mut self) -> Result<Option<Closing>> {
        batch::lock_name(self, "ledger closing").await?;
        let statement = query(concat!(closing_columns!(), " ORDER BY day DESC LIMIT 1"));
        row::read(self.one(statement).await?, closing)
    }

    async fn insert_closing(&mut self, closing: &Closing) -> Result<()> {
        self.write(
            query(
                "INSERT INTO ledger_closings (day, transfers, points, digest, previous, hash, closed_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(closing.day.number())
            .bind(closing.transfers)
            .bind(closing.points)
            .bind(closing.digest.to_vec())
            .bind(closing.previous.to_vec())
            .bind(closing.hash.to_vec())
            .bind(Ts(closing.closed_at)),
        )
        .await?;
        Ok(())
    }

    async fn closings(&mut self, after: Option<Day>, limit: u32) -> Result<Vec<Closing>> {
        let after = after.map_or(i32::MIN, Day::number);
        let statement = query(concat!(closing_columns!(), " WHERE day > $1 ORDER BY day LIMIT $2"));
        let rows = self.all(statement.bind(after).bind(i64::from(limit))).await?;
        row::read_all(&rows, closing)
    }
}
