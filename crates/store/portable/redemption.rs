//! Redemptions of offers. What became of one is read from its hold.

use async_trait::async_trait;
use mainstay_model::{
    MemberId, MerchantId, OfferId, RedemptionId, SecretHash,
    page::{Page, PageRequest},
    redemption::Redemption,
};
use mainstay_store::{RedemptionInserted, RedemptionStore, Result};
use uuid::Uuid;

use crate::{Tx, codec::Row, ledger_row, row, value::query};

macro_rules! selected {
    ($condition:literal) => {
        concat!(
            "SELECT r.id, r.offer_id, r.code_hash, r.sealed_code, h.from_account, h.from_kind, h.to_account, h.to_kind, \
                h.amount, h.state, h.expires_at, h.reason, h.actor, h.cause, h.created_at, h.settled_at \
             FROM redemptions AS r JOIN ledger_holds AS h ON h.id = r.id WHERE ",
            $condition
        )
    };
}

fn redemption(row: &Row) -> Result<Redemption> {
    Ok(Redemption {
        offer_id: OfferId::new(row::uuid(row, "offer_id")?),
        code_hash: row::hash(row, "code_hash")?,
        sealed_code: row::get(row, "sealed_code")?,
        hold: ledger_row::hold(row)?,
    })
}

#[async_trait]
impl RedemptionStore for Tx {
    async fn insert_redemption(&mut self, redemption: &Redemption) -> Result<RedemptionInserted> {
        let rows = self
            .write(
                query(
                    "INSERT INTO redemptions (id, offer_id, merchant_id, member_id, code_hash, sealed_code, settled) \
                     VALUES ($1, $2, $3, $4, $5, $6, FALSE) ON CONFLICT (code_hash) DO NOTHING",
                )
                .bind(redemption.id().uuid())
                .bind(redemption.offer_id.uuid())
                .bind(redemption.merchant_id().uuid())
                .bind(redemption.hold.from.id.uuid())
                .bind(&redemption.code_hash[..])
                .bind(&redemption.sealed_code[..]),
            )
            .await?;
        if rows == 0 {
            return Ok(RedemptionInserted::CodeTaken);
        }
        let count = query("UPDATE offers SET taken = taken + 1 WHERE id = $1");
        self.write(count.bind(redemption.offer_id.uuid())).await?;
        Ok(RedemptionInserted::Inserted)
    }

    async fn redemption_by_id(
        &mut self,
        member_id: MemberId,
        id: RedemptionId,
    ) -> Result<Option<Redemption>> {
        let statement = query(selected!("r.id = $1 AND r.member_id = $2"));
        row::read(self.one(statement.bind(id.uuid()).bind(member_id.uuid())).await?, redemption)
    }

    async fn redemption_by_code(
        &mut self,
        merchant_id: MerchantId,
        code_hash: &SecretHash,
    ) -> Result<Option<Redemption>> {
        let statement = query(selected!("r.code_hash = $1 AND r.merchant_id = $2"));
        row::read(self.one(statement.bind(&code_hash[..]).bind(merchant_id.uuid())).await?, redemption)
    }

    async fn redemptions_of_member(
        &mut self,
        member_id: MemberId,
        page: PageRequest,
    ) -> Result<Page<Redemption>> {
        let statement = query(selected!("r.member_id = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT $3"));
        paged(self, statement.bind(member_id.uuid()), page).await
    }

    async fn redemptions_of_merchant(
        &mut self,
        merchant_id: MerchantId,
        page: PageRequest,
    ) -> Result<Page<Redemption>> {
        let statement = query(selected!("r.merchant_id = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT $3"));
        paged(self, statement.bind(merchant_id.uuid()), page).await
    }

    async fn count_taken_by_member(&mut self, offer_id: OfferId, member_id: MemberId) -> Result<i64> {
        let statement = query(
            "SELECT count(*) AS taken FROM redemptions AS r JOIN ledger_holds AS h ON h.id = r.id \
             WHERE r.offer_id = $1 AND r.member_id = $2 AND h.state IN ('held', 'captured')",
        );
        let found = self.one(statement.bind(offer_id.uuid()).bind(member_id.uuid())).await?;
        Ok(row::read(found, |row| row::get(row, "taken"))?.unwrap_or_default())
    }
}

async fn paged(
    tx: &mut Tx,
    statement: crate::value::Statement,
    page: PageRequest,
) -> Result<Page<Redemption>> {
    let statement = statement.bind(page.before.unwrap_or(Uuid::max())).bind(i64::from(page.limit) + 1);
    let found = row::read_all(&tx.all(statement).await?, redemption)?;
    Ok(Page::from_overfetched(found, page.limit, |redemption| redemption.id().uuid()))
}
