//! Offers of merchants.

use async_trait::async_trait;
use mainstay_model::{
    MerchantId, OfferId, Timestamp,
    ledger::Amount,
    offer::Offer,
    page::{Page, PageRequest},
};
use mainstay_store::{Error, OfferStore, Result};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

/// All of an offer `o`. What was given back since it was last locked is not counted in it yet, and is subtracted; those are few.
macro_rules! columns {
    () => {
        columns!(
            "o.taken - (SELECT count(*) FROM redemptions AS r JOIN ledger_holds AS h ON h.id = r.id \
            WHERE r.offer_id = o.id AND NOT r.settled AND h.state IN ('released', 'expired'))"
        )
    };
    ($taken:literal) => {
        concat!(
            "o.id, o.merchant_id, o.title, o.description, o.points, o.starts_at, o.ends_at, o.stock, o.per_member_max, o.status, ",
            $taken,
            " AS taken, o.created_at, o.updated_at"
        )
    };
}

/// Marks the redemptions of an offer whose hold ended in one of these states, once.
macro_rules! settle {
    ($states:literal) => {
        concat!(
            "UPDATE redemptions SET settled = TRUE WHERE offer_id = $1 AND NOT settled \
             AND EXISTS (SELECT 1 FROM ledger_holds AS h WHERE h.id = redemptions.id AND h.state IN (",
            $states,
            "))"
        )
    };
}

fn offer(row: &Row) -> Result<Offer> {
    let points = Amount::new(row::get(row, "points")?);
    Ok(Offer {
        id: OfferId::new(row::uuid(row, "id")?),
        merchant_id: MerchantId::new(row::uuid(row, "merchant_id")?),
        title: row::get(row, "title")?,
        description: row::get(row, "description")?,
        points: points.ok_or_else(|| Error::Failed("an offer has no amount of points".to_owned()))?,
        starts_at: row::at(row, "starts_at")?,
        ends_at: row::at_opt(row, "ends_at")?,
        stock: row::get(row, "stock")?,
        per_member_max: row::get(row, "per_member_max")?,
        status: row::word(row, "status")?,
        taken: row::get(row, "taken")?,
        created_at: row::at(row, "created_at")?,
        updated_at: row::at(row, "updated_at")?,
    })
}

#[async_trait]
impl OfferStore for Tx {
    async fn insert_offer(&mut self, offer: &Offer) -> Result<()> {
        self.write(
            query(
                "INSERT INTO offers (id, merchant_id, title, description, points, starts_at, ends_at, stock, per_member_max, \
                    status, taken, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)",
            )
            .bind(offer.id.uuid())
            .bind(offer.merchant_id.uuid())
            .bind(Text(&offer.title))
            .bind(Text(&offer.description))
            .bind(offer.points.points())
            .bind(Ts(offer.starts_at))
            .bind(offer.ends_at.map(Ts))
            .bind(offer.stock)
            .bind(offer.per_member_max)
            .bind(offer.status.as_str())
            .bind(Ts(offer.created_at))
            .bind(Ts(offer.updated_at)),
        )
        .await?;
        Ok(())
    }

    async fn offer_by_id(&mut self, id: OfferId) -> Result<Option<Offer>> {
        let statement = query(concat!("SELECT ", columns!(), " FROM offers AS o WHERE o.id = $1"));
        row::read(self.one(statement.bind(id.uuid())).await?, offer)
    }

    async fn lock_offer(&mut self, id: OfferId) -> Result<Option<Offer>> {
        // The lock first, and alone: who waited for it would otherwise read the holds as they were before.
        let lock = query(concat!("SELECT id FROM offers WHERE id = $1", lock_rows!()));
        if self.write_one(lock.bind(id.uuid())).await?.is_none() {
            return Ok(None);
        }
        self.write(query(settle!("'captured'")).bind(id.uuid())).await?;
        let given_back = self.write(query(settle!("'released', 'expired'")).bind(id.uuid())).await?;
        if given_back > 0 {
            let count = i64::try_from(given_back).unwrap_or(i64::MAX);
            let statement = query("UPDATE offers SET taken = taken - $2 WHERE id = $1");
            self.write(statement.bind(id.uuid()).bind(count)).await?;
        }
        // As it is counted: what was given back since then is there for the next who locks it.
        let counted = query(concat!("SELECT ", columns!("o.taken"), " FROM offers AS o WHERE o.id = $1"));
        row::read(self.one(counted.bind(id.uuid())).await?, offer)
    }

    async fn update_offer(&mut self, offer: &Offer) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE offers SET title = $2, description = $3, points = $4, starts_at = $5, ends_at = $6, stock = $7, \
                        per_member_max = $8, status = $9, updated_at = $10 WHERE id = $1",
                )
                .bind(offer.id.uuid())
                .bind(Text(&offer.title))
                .bind(Text(&offer.description))
                .bind(offer.points.points())
                .bind(Ts(offer.starts_at))
                .bind(offer.ends_at.map(Ts))
                .bind(offer.stock)
                .bind(offer.per_member_max)
                .bind(offer.status.as_str())
                .bind(Ts(offer.updated_at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn offers_of_merchant(
        &mut self,
        merchant_id: MerchantId,
        page: PageRequest,
    ) -> Result<Page<Offer>> {
        let statement = query(concat!(
            "SELECT ",
            columns!(),
            " FROM offers AS o WHERE o.merchant_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3"
        ))
        .bind(merchant_id.uuid())
        .bind(page.before.unwrap_or(Uuid::max()))
        .bind(i64::from(page.limit) + 1);
        let found = row::read_all(&self.all(statement).await?, offer)?;
        Ok(Page::from_overfetched(found, page.limit, |offer| offer.id.uuid()))
    }

    async fn open_offers(&mut self, now: Timestamp, page: PageRequest) -> Result<Page<(Offer, String)>> {
        let statement = query(concat!(
            "SELECT m.name, ",
            columns!(),
            " FROM offers AS o JOIN merchants AS m ON m.id = o.merchant_id \
             WHERE o.status = 'active' AND o.starts_at <= $1 AND (o.ends_at IS NULL OR o.ends_at > $1) \
             AND m.status = 'active' AND o.id < $2 ORDER BY o.id DESC LIMIT $3"
        ))
        .bind(Ts(now))
        .bind(page.before.unwrap_or(Uuid::max()))
        .bind(i64::from(page.limit) + 1);
        let found =
            row::read_all(&self.all(statement).await?, |row| Ok((offer(row)?, row::get(row, "name")?)))?;
        Ok(Page::from_overfetched(found, page.limit, |(offer, _)| offer.id.uuid()))
    }
}
