//! Rules by which purchases become points, links by which buyers are recognised, and the keys of their hashes.

use async_trait::async_trait;
use mainstay_model::{
    CustomerLinkId, EmailAddress, MemberId, PurchaseRuleId, SecretHash, Timestamp,
    purchase::{CustomerLink, PurchaseRule},
};
use mainstay_store::{CustomerLinked, Error, HashKeyStore, PurchaseRuleStore, Result};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    purchase_batch, row,
    value::{Text, query},
};

fn rule(row: &Row) -> Result<PurchaseRule> {
    Ok(PurchaseRule {
        id: PurchaseRuleId::new(row::uuid(row, "id")?),
        name: row::get(row, "name")?,
        source: row::get(row, "source")?,
        merchant: row::get(row, "merchant")?,
        currency: row::word(row, "currency")?,
        points: row::get(row, "points")?,
        per_amount: row::get(row, "per_amount")?,
        purchase_points_max: row::get(row, "purchase_points_max")?,
        day_points_max: row::get(row, "day_points_max")?,
        starts_at: row::at_opt(row, "starts_at")?,
        ends_at: row::at_opt(row, "ends_at")?,
        created_at: row::at(row, "created_at")?,
    })
}

fn link(row: &Row) -> Result<CustomerLink> {
    Ok(CustomerLink {
        id: CustomerLinkId::new(row::uuid(row, "id")?),
        member_id: MemberId::new(row::uuid(row, "member_id")?),
        source: row::get(row, "source")?,
        kind: row::word(row, "kind")?,
        hash: row::hash(row, "hash")?,
        created_at: row::at(row, "created_at")?,
    })
}

#[async_trait]
impl PurchaseRuleStore for Tx {
    async fn insert_purchase_rule(&mut self, rule: &PurchaseRule) -> Result<()> {
        self.write(
            query(
                "INSERT INTO purchase_rules (id, name, source, merchant, currency, points, per_amount, purchase_points_max, \
                 day_points_max, starts_at, ends_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(rule.id.uuid())
            .bind(Text(&rule.name))
            .bind(rule.source.as_deref().map(Text))
            .bind(rule.merchant.as_deref().map(Text))
            .bind(Text(rule.currency.as_str()))
            .bind(rule.points)
            .bind(rule.per_amount)
            .bind(rule.purchase_points_max)
            .bind(rule.day_points_max)
            .bind(rule.starts_at.map(Ts))
            .bind(rule.ends_at.map(Ts))
            .bind(Ts(rule.created_at)),
        )
        .await?;
        Ok(())
    }

    async fn purchase_rules(&mut self, limit: u32) -> Result<Vec<PurchaseRule>> {
        let rows = self
            .all(
                query(
                    "SELECT id, name, source, merchant, currency, points, per_amount, purchase_points_max, day_points_max, \
                     starts_at, ends_at, created_at FROM purchase_rules ORDER BY id LIMIT $1",
                )
                .bind(i64::from(limit)),
            )
            .await?;
        row::read_all(&rows, rule)
    }

    async fn end_purchase_rule(&mut self, id: PurchaseRuleId, at: Timestamp) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE purchase_rules SET ends_at = CASE WHEN ends_at < $2 THEN ends_at ELSE $2 END WHERE id = $1",
                )
                .bind(id.uuid())
                .bind(Ts(at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn insert_customer_link(&mut self, link: &CustomerLink) -> Result<CustomerLinked> {
        let rows = self
            .write(
                query(
                    "INSERT INTO customer_links (id, member_id, source, kind, hash, created_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO NOTHING",
                )
                .bind(link.id.uuid())
                .bind(link.member_id.uuid())
                .bind(link.source.as_deref().map(Text))
                .bind(link.kind.as_str())
                .bind(&link.hash[..])
                .bind(Ts(link.created_at)),
            )
            .await?;
        if rows == 1 {
            return Ok(CustomerLinked::Linked);
        }
        let owner = self
            .one(query("SELECT member_id FROM customer_links WHERE hash = $1").bind(&link.hash[..]))
            .await?;
        let owner = row::read(owner, |row| row::uuid(row, "member_id"))?;
        Ok(if owner == Some(link.member_id.uuid()) { CustomerLinked::Linked } else { CustomerLinked::Taken })
    }

    async fn customer_links(&mut self, member_id: MemberId) -> Result<Vec<CustomerLink>> {
        let rows = self
            .all(
                query(
                    "SELECT id, member_id, source, kind, hash, created_at FROM customer_links \
                     WHERE member_id = $1 ORDER BY id",
                )
                .bind(member_id.uuid()),
            )
            .await?;
        row::read_all(&rows, link)
    }

    async fn delete_customer_link(&mut self, member_id: MemberId, id: CustomerLinkId) -> Result<bool> {
        let rows = self
            .write(
                query("DELETE FROM customer_links WHERE id = $1 AND member_id = $2")
                    .bind(id.uuid())
                    .bind(member_id.uuid()),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn members_by_links(&mut self, hashes: &[SecretHash]) -> Result<Vec<Option<MemberId>>> {
        purchase_batch::members_by_links(self, hashes).await
    }

    async fn members_by_proven_emails(&mut self, emails: &[EmailAddress]) -> Result<Vec<Option<MemberId>>> {
        purchase_batch::members_by_proven_emails(self, emails).await
    }
}

#[async_trait]
impl HashKeyStore for Tx {
    async fn hash_key_or_insert(&mut self, id: Uuid, name: &str, sealed_key: &[u8]) -> Result<Vec<u8>> {
        self.write(
            query("INSERT INTO hash_keys (id, name, sealed_key) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
                .bind(id)
                .bind(Text(name))
                .bind(sealed_key.to_vec()),
        )
        .await?;
        let found =
            self.one(query("SELECT sealed_key FROM hash_keys WHERE name = $1").bind(Text(name))).await?;
        let found = row::read(found, |row| row::get(row, "sealed_key"))?;
        found.ok_or_else(|| Error::Failed("a key of hashes that was in the way is not there".to_owned()))
    }
}
