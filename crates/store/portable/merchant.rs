//! Merchants.

use async_trait::async_trait;
use mainstay_model::{
    MerchantId,
    merchant::Merchant,
    page::{Page, PageRequest},
};
use mainstay_store::{MerchantStore, Result};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

macro_rules! columns {
    () => {
        "id, name, status, created_at, updated_at"
    };
}

fn merchant(row: &Row) -> Result<Merchant> {
    Ok(Merchant {
        id: MerchantId::new(row::uuid(row, "id")?),
        name: row::get(row, "name")?,
        status: row::word(row, "status")?,
        created_at: row::at(row, "created_at")?,
        updated_at: row::at(row, "updated_at")?,
    })
}

#[async_trait]
impl MerchantStore for Tx {
    async fn insert_merchant(&mut self, merchant: &Merchant) -> Result<()> {
        self.write(
            query(concat!("INSERT INTO merchants (", columns!(), ") VALUES ($1, $2, $3, $4, $5)"))
                .bind(merchant.id.uuid())
                .bind(Text(&merchant.name))
                .bind(merchant.status.as_str())
                .bind(Ts(merchant.created_at))
                .bind(Ts(merchant.updated_at)),
        )
        .await?;
        Ok(())
    }

    async fn merchant_by_id(&mut self, id: MerchantId) -> Result<Option<Merchant>> {
        let statement = query(concat!("SELECT ", columns!(), " FROM merchants WHERE id = $1"));
        row::read(self.one(statement.bind(id.uuid())).await?, merchant)
    }

    async fn lock_merchant(&mut self, id: MerchantId) -> Result<Option<Merchant>> {
        let statement = query(concat!("SELECT ", columns!(), " FROM merchants WHERE id = $1", lock_rows!()));
        row::read(self.write_one(statement.bind(id.uuid())).await?, merchant)
    }

    async fn update_merchant(&mut self, merchant: &Merchant) -> Result<bool> {
        let rows = self
            .write(
                query("UPDATE merchants SET name = $2, status = $3, updated_at = $4 WHERE id = $1")
                    .bind(merchant.id.uuid())
                    .bind(Text(&merchant.name))
                    .bind(merchant.status.as_str())
                    .bind(Ts(merchant.updated_at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn merchants(&mut self, page: PageRequest) -> Result<Page<Merchant>> {
        let statement =
            query(concat!("SELECT ", columns!(), " FROM merchants WHERE id < $1 ORDER BY id DESC LIMIT $2"));
        let statement = statement.bind(page.before.unwrap_or(Uuid::max())).bind(i64::from(page.limit) + 1);
        let found = row::read_all(&self.all(statement).await?, merchant)?;
        Ok(Page::from_overfetched(found, page.limit, |merchant| merchant.id.uuid()))
    }
}
