//! Signing keys and service keys.

use async_trait::async_trait;
use mainstay_model::{MerchantId, ServiceKeyId, Timestamp, key::SigningKey, service_key::ServiceKey};
use mainstay_store::{KeyStore, Result, ServiceKeyStore};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Document, Text, query},
};

macro_rules! columns {
    () => {
        "id, name, prefix, hash, scopes, merchant_id, created_at, last_used_at, revoked_at"
    };
}

fn signing_key(row: &Row) -> Result<SigningKey> {
    Ok(SigningKey {
        kid: row::get(row, "kid")?,
        sealed_private_key: row::get(row, "sealed_private_key")?,
        public_jwk: row::get(row, "public_jwk")?,
        created_at: row::at(row, "created_at")?,
        activates_at: row::at(row, "activates_at")?,
        retires_at: row::at_opt(row, "retires_at")?,
    })
}

fn service_key(row: &Row) -> Result<ServiceKey> {
    Ok(ServiceKey {
        id: ServiceKeyId::new(row::uuid(row, "id")?),
        name: row::get(row, "name")?,
        prefix: row::get(row, "prefix")?,
        hash: row::hash(row, "hash")?,
        scopes: row::json(row, "scopes")?,
        merchant_id: row::get::<Option<Uuid>>(row, "merchant_id")?.map(MerchantId::new),
        created_at: row::at(row, "created_at")?,
        last_used_at: row::at_opt(row, "last_used_at")?,
        revoked_at: row::at_opt(row, "revoked_at")?,
    })
}

#[async_trait]
impl KeyStore for Tx {
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>> {
        let rows = self
            .all(query(concat!(
                "SELECT kid, sealed_private_key, public_jwk, created_at, activates_at, retires_at \
                 FROM signing_keys ORDER BY created_at, kid",
                bytewise!()
            )))
            .await?;
        row::read_all(&rows, signing_key)
    }

    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        self.write(
            query(
                "INSERT INTO signing_keys (kid, sealed_private_key, public_jwk, created_at, activates_at, retires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(Text(&key.kid))
            .bind(&key.sealed_private_key[..])
            .bind(Text(&key.public_jwk))
            .bind(Ts(key.created_at))
            .bind(Ts(key.activates_at))
            .bind(key.retires_at.map(Ts)),
        )
        .await?;
        Ok(())
    }

    async fn update_signing_key(&mut self, key: &SigningKey) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE signing_keys SET sealed_private_key = $2, activates_at = $3, retires_at = $4 \
                     WHERE kid = $1",
                )
                .bind(Text(&key.kid))
                .bind(&key.sealed_private_key[..])
                .bind(Ts(key.activates_at))
                .bind(key.retires_at.map(Ts)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn delete_signing_key(&mut self, kid: &str) -> Result<bool> {
        let rows = self.write(query("DELETE FROM signing_keys WHERE kid = $1").bind(Text(kid))).await?;
        Ok(rows == 1)
    }
}

#[async_trait]
impl ServiceKeyStore for Tx {
    async fn insert_service_key(&mut self, key: &ServiceKey) -> Result<()> {
        self.write(
            query(concat!(
                "INSERT INTO service_keys (",
                columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            ))
            .bind(key.id.uuid())
            .bind(Text(&key.name))
            .bind(Text(&key.prefix))
            .bind(&key.hash[..])
            .bind(Document(&key.scopes))
            .bind(key.merchant_id.map(MerchantId::uuid))
            .bind(Ts(key.created_at))
            .bind(key.last_used_at.map(Ts))
            .bind(key.revoked_at.map(Ts)),
        )
        .await?;
        Ok(())
    }

    async fn service_key_by_prefix(&mut self, prefix: &str) -> Result<Option<ServiceKey>> {
        let found = self
            .one(
                query(concat!("SELECT ", columns!(), " FROM service_keys WHERE prefix = $1"))
                    .bind(Text(prefix)),
            )
            .await?;
        row::read(found, service_key)
    }

    async fn service_keys(&mut self) -> Result<Vec<ServiceKey>> {
        let rows = self
            .all(query(concat!(
                "SELECT ",
                columns!(),
                " FROM service_keys ORDER BY created_at DESC, id DESC LIMIT 1000"
            )))
            .await?;
        row::read_all(&rows, service_key)
    }

    async fn touch_service_key(&mut self, id: ServiceKeyId, at: Timestamp) -> Result<()> {
        self.write(
            query(
                "UPDATE service_keys SET last_used_at = $2 WHERE id = $1 \
                 AND (last_used_at IS NULL OR last_used_at < $2)",
            )
            .bind(id.uuid())
            .bind(Ts(at)),
        )
        .await?;
        Ok(())
    }

    async fn revoke_service_key(&mut self, id: ServiceKeyId, at: Timestamp) -> Result<bool> {
        let rows = self
            .write(
                query("UPDATE service_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                    .bind(id.uuid())
                    .bind(Ts(at)),
            )
            .await?;
        Ok(rows == 1)
    }
}
