//! Batches of purchases: one statement, kept prepared, run once for each item.

use mainstay_model::{
    EmailAddress, MemberId, PurchaseId, SecretHash,
    purchase::{CustomerKeyKind, PurchaseRecord, Refund},
};
use mainstay_store::{PurchaseDay, PurchaseName, Result};

use crate::{
    Tx,
    codec::{Row, Ts},
    purchase::columns,
    row,
    value::{Statement, Text, query},
};

/// A write transaction has the whole database for itself, so there is nothing left to lock.
pub(crate) async fn lock_names(tx: &mut Tx, _names: &[PurchaseName]) -> Result<()> {
    tx.check_writable()
}

pub(crate) async fn insert_purchases(tx: &mut Tx, purchases: &[PurchaseRecord]) -> Result<()> {
    for purchase in purchases {
        let statement = query(
            "INSERT INTO purchases (id, source, external_id, amount, currency, merchant, occurred_at, member_id, rule_id, granted, \
             taken_back, reversed, refunded, claimed_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
             ON CONFLICT (source, external_id) DO NOTHING",
        )
        .bind(purchase.id.uuid())
        .bind(Text(&purchase.source))
        .bind(Text(&purchase.external_id))
        .bind(purchase.amount)
        .bind(purchase.currency.as_str())
        .bind(Text(&purchase.merchant))
        .bind(Ts(purchase.occurred_at));
        let statement = settled(statement, purchase).bind(Ts(purchase.created_at));
        tx.write(statement).await?;
    }
    Ok(())
}

/// Binds whose a purchase is and what it came to.
fn settled(statement: Statement, purchase: &PurchaseRecord) -> Statement {
    statement
        .bind(purchase.member_id.map(MemberId::uuid))
        .bind(purchase.rule_id.map(mainstay_model::PurchaseRuleId::uuid))
        .bind(purchase.granted)
        .bind(purchase.taken_back)
        .bind(purchase.reversed)
        .bind(purchase.refunded)
        .bind(purchase.claimed_at.map(Ts))
}

pub(crate) async fn settle_purchases(tx: &mut Tx, purchases: &[PurchaseRecord]) -> Result<()> {
    for purchase in purchases {
        let statement = query(
            "UPDATE purchases SET member_id = $2, rule_id = $3, granted = $4, taken_back = $5, reversed = $6, refunded = $7, \
             claimed_at = $8 WHERE id = $1",
        );
        tx.write(settled(statement.bind(purchase.id.uuid()), purchase)).await?;
    }
    Ok(())
}

pub(crate) async fn put_refunds(tx: &mut Tx, refunds: &[&(String, Refund)]) -> Result<()> {
    for (source, refund) in refunds {
        tx.write(
            query(
                "INSERT INTO purchase_refunds (source, external_id, purchase_id, amount, currency, occurred_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source, external_id) DO UPDATE SET amount = excluded.amount, \
                 occurred_at = excluded.occurred_at WHERE (excluded.occurred_at, excluded.amount) > \
                 (purchase_refunds.occurred_at, purchase_refunds.amount)",
            )
            .bind(Text(source))
            .bind(Text(&refund.external_id))
            .bind(Text(&refund.purchase_id))
            .bind(refund.amount)
            .bind(refund.currency.as_str())
            .bind(Ts(refund.occurred_at)),
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn purchases_by_names(tx: &mut Tx, names: &[PurchaseName]) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(names.len());
    for name in names {
        let statement = query(concat!(
            "SELECT ",
            columns!(),
            ", (SELECT COALESCE(sum(r.amount), 0) FROM purchase_refunds AS r WHERE r.source = p.source \
             AND r.purchase_id = p.external_id AND r.currency = p.currency) AS went_back \
             FROM purchases AS p WHERE p.source = $1 AND p.external_id = $2"
        ));
        rows.extend(tx.all(statement.bind(Text(&name.source)).bind(Text(&name.external_id))).await?);
    }
    Ok(rows)
}

pub(crate) async fn insert_keys(
    tx: &mut Tx,
    keys: &[(SecretHash, CustomerKeyKind, PurchaseId)],
) -> Result<()> {
    for (hash, kind, id) in keys {
        let statement = query(
            "INSERT INTO purchase_keys (hash, kind, purchase_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        );
        tx.write(statement.bind(&hash[..]).bind(kind.as_str()).bind(id.uuid())).await?;
    }
    Ok(())
}

pub(crate) async fn delete_keys(tx: &mut Tx, ids: &[PurchaseId]) -> Result<()> {
    for id in ids {
        tx.write(query("DELETE FROM purchase_keys WHERE purchase_id = $1").bind(id.uuid())).await?;
    }
    Ok(())
}

pub(crate) async fn claimable(tx: &mut Tx, hashes: &[SecretHash], limit: u32) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for hash in hashes {
        let statement = query(
            "SELECT p.id, p.source, p.external_id FROM purchase_keys AS k JOIN purchases AS p ON p.id = k.purchase_id \
             WHERE k.hash = $1 AND p.claimed_at IS NULL ORDER BY p.id LIMIT $2",
        );
        rows.extend(tx.all(statement.bind(&hash[..]).bind(i64::from(limit))).await?);
    }
    Ok(rows)
}

/// The points of days, each once.
pub(crate) async fn lock_days(tx: &mut Tx, days: &[PurchaseDay]) -> Result<Vec<i64>> {
    tx.check_writable()?;
    let mut points = Vec::with_capacity(days.len());
    for day in days {
        let statement =
            query("SELECT points FROM purchase_days WHERE member_id = $1 AND rule_id = $2 AND day = $3");
        let found = tx.one(of(statement, day)).await?;
        points.push(row::read(found, |row| row::get(row, "points"))?.unwrap_or(0));
    }
    Ok(points)
}

pub(crate) async fn set_days(tx: &mut Tx, days: &[(PurchaseDay, i64)]) -> Result<()> {
    for (day, points) in days {
        let statement = query(
            "INSERT INTO purchase_days (member_id, rule_id, day, points) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (member_id, rule_id, day) DO UPDATE SET points = excluded.points",
        );
        tx.write(of(statement, day).bind(*points)).await?;
    }
    Ok(())
}

fn of(statement: Statement, day: &PurchaseDay) -> Statement {
    statement.bind(day.member_id.uuid()).bind(day.rule_id.uuid()).bind(i64::from(day.day.number()))
}

pub(crate) async fn members_by_links(tx: &mut Tx, hashes: &[SecretHash]) -> Result<Vec<Option<MemberId>>> {
    let mut members = Vec::with_capacity(hashes.len());
    for hash in hashes {
        let statement = query("SELECT member_id FROM customer_links WHERE hash = $1").bind(&hash[..]);
        members
            .push(row::read(tx.one(statement).await?, |row| row::uuid(row, "member_id"))?.map(MemberId::new));
    }
    Ok(members)
}

pub(crate) async fn members_by_proven_emails(
    tx: &mut Tx,
    emails: &[EmailAddress],
) -> Result<Vec<Option<MemberId>>> {
    let mut members = Vec::with_capacity(emails.len());
    for email in emails {
        let statement = query("SELECT id FROM members WHERE email = $1 AND email_verified_at IS NOT NULL");
        let found = tx.one(statement.bind(Text(email.as_str()))).await?;
        members.push(row::read(found, |row| row::uuid(row, "id"))?.map(MemberId::new));
    }
    Ok(members)
}
