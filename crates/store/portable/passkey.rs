//! Passkeys.

use async_trait::async_trait;
use mainstay_model::{MemberId, PasskeyId, Timestamp, passkey::Passkey};
use mainstay_store::{Access, PasskeyInserted, PasskeyStore, Result};

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Document, Text, query},
};

macro_rules! columns {
    () => {
        "id, member_id, credential_id, credential, name, backed_up, created_at, last_used_at"
    };
}

macro_rules! by_credential_id {
    () => {
        concat!("SELECT ", columns!(), " FROM passkeys WHERE credential_id = $1")
    };
}

fn passkey(row: &Row) -> Result<Passkey> {
    Ok(Passkey {
        id: PasskeyId::new(row::uuid(row, "id")?),
        member_id: MemberId::new(row::uuid(row, "member_id")?),
        credential_id: row::get(row, "credential_id")?,
        credential: row::json(row, "credential")?,
        name: row::get(row, "name")?,
        backed_up: row::get(row, "backed_up")?,
        created_at: row::at(row, "created_at")?,
        last_used_at: row::at_opt(row, "last_used_at")?,
    })
}

#[async_trait]
impl PasskeyStore for Tx {
    async fn insert_passkey(&mut self, passkey: &Passkey) -> Result<PasskeyInserted> {
        let rows = self
            .write(
                query(concat!(
                    "INSERT INTO passkeys (",
                    columns!(),
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING"
                ))
                .bind(passkey.id.uuid())
                .bind(passkey.member_id.uuid())
                .bind(&passkey.credential_id[..])
                .bind(Document(&passkey.credential))
                .bind(Text(&passkey.name))
                .bind(passkey.backed_up)
                .bind(Ts(passkey.created_at))
                .bind(passkey.last_used_at.map(Ts)),
            )
            .await?;
        Ok(if rows == 1 { PasskeyInserted::Inserted } else { PasskeyInserted::Taken })
    }

    async fn passkeys_of_member(&mut self, member_id: MemberId) -> Result<Vec<Passkey>> {
        let rows = self
            .all(
                query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM passkeys WHERE member_id = $1 ORDER BY created_at, id LIMIT 100"
                ))
                .bind(member_id.uuid()),
            )
            .await?;
        row::read_all(&rows, passkey)
    }

    async fn lock_passkey_by_credential_id(&mut self, credential_id: &[u8]) -> Result<Option<Passkey>> {
        let found = if self.access() == Access::Write {
            self.write_one(query(concat!(by_credential_id!(), lock_rows!())).bind(credential_id)).await?
        } else {
            self.one(query(by_credential_id!()).bind(credential_id)).await?
        };
        row::read(found, passkey)
    }

    async fn touch_passkey(
        &mut self,
        id: PasskeyId,
        credential: &serde_json::Value,
        backed_up: bool,
        at: Timestamp,
    ) -> Result<()> {
        self.write(
            query("UPDATE passkeys SET credential = $2, backed_up = $3, last_used_at = $4 WHERE id = $1")
                .bind(id.uuid())
                .bind(Document(credential))
                .bind(backed_up)
                .bind(Ts(at)),
        )
        .await?;
        Ok(())
    }

    async fn rename_passkey(&mut self, member_id: MemberId, id: PasskeyId, name: &str) -> Result<bool> {
        let rows = self
            .write(
                query("UPDATE passkeys SET name = $3 WHERE id = $1 AND member_id = $2")
                    .bind(id.uuid())
                    .bind(member_id.uuid())
                    .bind(Text(name)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn delete_passkey(&mut self, member_id: MemberId, id: PasskeyId) -> Result<bool> {
        let rows = self
            .write(
                query("DELETE FROM passkeys WHERE id = $1 AND member_id = $2")
                    .bind(id.uuid())
                    .bind(member_id.uuid()),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn delete_passkeys_of_member(&mut self, member_id: MemberId) -> Result<u64> {
        self.write(query("DELETE FROM passkeys WHERE member_id = $1").bind(member_id.uuid())).await
    }
}
