//! Purchases.

use std::collections::HashMap;

use async_trait::async_trait;
use mainstay_model::{
    MemberId, PurchaseId, PurchaseRuleId, SecretHash,
    page::{Page, PageRequest},
    purchase::{CustomerKeyKind, PurchaseRecord, Refund},
};
use mainstay_store::{PurchaseDay, PurchaseName, PurchaseStore, Result};
use uuid::Uuid;

use crate::{Tx, codec::Row, purchase_batch, row, value::query};

macro_rules! columns {
    () => {
        "p.id, p.source, p.external_id, p.amount, p.currency, p.merchant, p.occurred_at, p.member_id, p.rule_id, p.granted, \
         p.taken_back, p.reversed, p.refunded, p.claimed_at, p.created_at"
    };
}
pub(crate) use columns;

pub(crate) fn record(row: &Row) -> Result<PurchaseRecord> {
    Ok(PurchaseRecord {
        id: PurchaseId::new(row::uuid(row, "id")?),
        source: row::get(row, "source")?,
        external_id: row::get(row, "external_id")?,
        amount: row::get(row, "amount")?,
        currency: row::word(row, "currency")?,
        merchant: row::get(row, "merchant")?,
        occurred_at: row::at(row, "occurred_at")?,
        member_id: row::get::<Option<Uuid>>(row, "member_id")?.map(MemberId::new),
        rule_id: row::get::<Option<Uuid>>(row, "rule_id")?.map(PurchaseRuleId::new),
        granted: row::get(row, "granted")?,
        taken_back: row::get(row, "taken_back")?,
        reversed: row::get(row, "reversed")?,
        refunded: row::get(row, "refunded")?,
        claimed_at: row::at_opt(row, "claimed_at")?,
        created_at: row::at(row, "created_at")?,
    })
}

/// A purchase's name, as rows have it.
pub(crate) fn name(row: &Row) -> Result<PurchaseName> {
    Ok(PurchaseName { source: row::get(row, "source")?, external_id: row::get(row, "external_id")? })
}

#[async_trait]
impl PurchaseStore for Tx {
    async fn lock_purchase_names(&mut self, names: &[PurchaseName]) -> Result<()> {
        purchase_batch::lock_names(self, names).await
    }

    async fn insert_purchases(&mut self, purchases: &[PurchaseRecord]) -> Result<()> {
        purchase_batch::insert_purchases(self, purchases).await
    }

    async fn put_refunds(&mut self, refunds: &[(String, Refund)]) -> Result<()> {
        // Of two of one name in a batch, as in two batches, the one that counts is written.
        let mut newest: HashMap<(&str, &str), &(String, Refund)> = HashMap::new();
        for refund in refunds {
            let kept = newest.entry((&refund.0, &refund.1.external_id)).or_insert(refund);
            if (refund.1.occurred_at, refund.1.amount) > (kept.1.occurred_at, kept.1.amount) {
                *kept = refund;
            }
        }
        let mut newest: Vec<_> = newest.into_iter().collect();
        newest.sort_unstable_by_key(|(name, _)| *name);
        purchase_batch::put_refunds(self, &newest.into_iter().map(|(_, refund)| refund).collect::<Vec<_>>())
            .await
    }

    async fn purchases_by_names(
        &mut self,
        names: &[PurchaseName],
    ) -> Result<Vec<Option<(PurchaseRecord, i64)>>> {
        let rows = purchase_batch::purchases_by_names(self, names).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(name(row)?, (record(row)?, row::get(row, "went_back")?));
        }
        Ok(names.iter().map(|name| found.get(name).cloned()).collect())
    }

    async fn purchase_name(&mut self, id: PurchaseId) -> Result<Option<PurchaseName>> {
        let statement = query("SELECT source, external_id FROM purchases WHERE id = $1");
        row::read(self.one(statement.bind(id.uuid())).await?, name)
    }

    async fn settle_purchases(&mut self, purchases: &[PurchaseRecord]) -> Result<()> {
        purchase_batch::settle_purchases(self, purchases).await
    }

    async fn insert_purchase_keys(
        &mut self,
        keys: &[(SecretHash, CustomerKeyKind, PurchaseId)],
    ) -> Result<()> {
        purchase_batch::insert_keys(self, keys).await
    }

    async fn delete_purchase_keys(&mut self, ids: &[PurchaseId]) -> Result<()> {
        purchase_batch::delete_keys(self, ids).await
    }

    async fn purchase_keys(&mut self, id: PurchaseId) -> Result<Vec<(SecretHash, CustomerKeyKind)>> {
        let rows = self
            .all(
                query("SELECT hash, kind FROM purchase_keys WHERE purchase_id = $1 ORDER BY hash")
                    .bind(id.uuid()),
            )
            .await?;
        row::read_all(&rows, |row| Ok((row::hash(row, "hash")?, row::word(row, "kind")?)))
    }

    async fn claimable_purchases(&mut self, hashes: &[SecretHash], limit: u32) -> Result<Vec<PurchaseName>> {
        let rows = purchase_batch::claimable(self, hashes, limit).await?;
        let mut found = row::read_all(&rows, |row| Ok((row::uuid(row, "id")?, name(row)?)))?;
        found.sort_unstable();
        found.dedup();
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    async fn purchases_of_member(
        &mut self,
        member_id: MemberId,
        page: PageRequest,
    ) -> Result<Page<PurchaseRecord>> {
        let statement = query(concat!(
            "SELECT ",
            columns!(),
            " FROM purchases AS p WHERE p.member_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3"
        ));
        let before = page.before.unwrap_or(Uuid::max());
        let statement = statement.bind(member_id.uuid()).bind(before).bind(i64::from(page.limit) + 1);
        let purchases = row::read_all(&self.all(statement).await?, record)?;
        Ok(Page::from_overfetched(purchases, page.limit, |purchase| purchase.id.uuid()))
    }

    async fn lock_purchase_days(&mut self, days: &[PurchaseDay]) -> Result<Vec<i64>> {
        let mut sorted = days.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let points = purchase_batch::lock_days(self, &sorted).await?;
        let found: HashMap<_, _> = sorted.into_iter().zip(points).collect();
        Ok(days.iter().map(|day| found.get(day).copied().unwrap_or(0)).collect())
    }

    async fn set_purchase_days(&mut self, days: &[(PurchaseDay, i64)]) -> Result<()> {
        purchase_batch::set_days(self, days).await
    }
}
