//! Sealed values that wait for being sealed anew.

use async_trait::async_trait;
use mainstay_store::{Result, SealStore, SealedValue};
use uuid::Uuid;

use crate::{Tx, row, value::query};

macro_rules! sealed_otherwise {
    ($table:literal, $column:literal) => {
        concat!(
            "SELECT id, ",
            $column,
            " AS sealed FROM ",
            $table,
            " WHERE substr(",
            $column,
            ", 1, $2) <> $1 AND id > $3 ORDER BY id LIMIT $4"
        )
    };
}

macro_rules! reseal {
    ($table:literal, $column:literal) => {
        concat!("UPDATE ", $table, " SET ", $column, " = $3 WHERE id = $1 AND ", $column, " = $2")
    };
}

#[async_trait]
impl SealStore for Tx {
    async fn sealed_otherwise(
        &mut self,
        value: SealedValue,
        header: &[u8],
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<(Uuid, Vec<u8>)>> {
        let sql = match value {
            SealedValue::ProviderToken => sealed_otherwise!("identities", "sealed_token"),
            SealedValue::Job => sealed_otherwise!("jobs", "sealed_payload"),
            SealedValue::EndpointSecret => sealed_otherwise!("webhook_endpoint_secrets", "sealed_secret"),
            SealedValue::HashKey => sealed_otherwise!("hash_keys", "sealed_key"),
        };
        let rows = self
            .all(
                query(sql)
                    .bind(header)
                    .bind(i32::try_from(header.len()).unwrap_or(i32::MAX))
                    .bind(after.unwrap_or(Uuid::nil()))
                    .bind(i64::from(limit)),
            )
            .await?;
        row::read_all(&rows, |row| Ok((row::uuid(row, "id")?, row::get(row, "sealed")?)))
    }

    async fn reseal(&mut self, value: SealedValue, id: Uuid, old: &[u8], new: &[u8]) -> Result<bool> {
        let sql = match value {
            SealedValue::ProviderToken => reseal!("identities", "sealed_token"),
            SealedValue::Job => reseal!("jobs", "sealed_payload"),
            SealedValue::EndpointSecret => reseal!("webhook_endpoint_secrets", "sealed_secret"),
            SealedValue::HashKey => reseal!("hash_keys", "sealed_key"),
        };
        Ok(self.write(query(sql).bind(id).bind(old).bind(new)).await? == 1)
    }
}
