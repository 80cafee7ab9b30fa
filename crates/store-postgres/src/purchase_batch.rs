//! Batches of purchases: one array for each column, put together by UNNEST.

use std::collections::HashMap;

use mainstay_model::{
    EmailAddress, MemberId, PurchaseId, PurchaseRuleId, SecretHash,
    purchase::{CustomerKeyKind, PurchaseRecord, Refund},
};
use mainstay_store::{PurchaseDay, PurchaseName, Result};

use crate::{
    Tx,
    codec::{Row, Ts},
    purchase::columns,
    row,
    value::{Text, query},
};

/// Seed of the hash that turns a purchase's name into an advisory lock.
const NAME_LOCK_SEED: i64 = 0x7075_7263_6861_7365;

fn column<T, C>(items: &[T], column: impl Fn(&T) -> C) -> Vec<C> {
    items.iter().map(column).collect()
}

fn texts<'a, T>(items: &'a [T], text: impl Fn(&'a T) -> &'a str) -> Vec<Text<'a>> {
    items.iter().map(|item| Text(text(item))).collect()
}

fn hashes(hashes: &[SecretHash]) -> Vec<&[u8]> {
    hashes.iter().map(|hash| &hash[..]).collect()
}

/// In the order of their locks, so that two batches never wait for one another. A name has no control character, so two different
/// pairs never become one text.
pub(crate) async fn lock_names(tx: &mut Tx, names: &[PurchaseName]) -> Result<()> {
    if names.is_empty() {
        return tx.check_writable();
    }
    tx.write_all(
        query(
            "SELECT count(pg_advisory_xact_lock(l.lock)) FROM (SELECT DISTINCT hashtextextended(n.source || chr(10) || n.external_id, $3) \
             AS lock FROM UNNEST($1, $2) AS n (source, external_id) ORDER BY lock) AS l",
        )
        .bind(texts(names, |name| &name.source))
        .bind(texts(names, |name| &name.external_id))
        .bind(NAME_LOCK_SEED),
    )
    .await?;
    Ok(())
}

pub(crate) async fn insert_purchases(tx: &mut Tx, purchases: &[PurchaseRecord]) -> Result<()> {
    if purchases.is_empty() {
        return Ok(());
    }
    let statement = query(
        "INSERT INTO purchases (id, source, external_id, amount, currency, merchant, occurred_at, member_id, rule_id, granted, \
         taken_back, reversed, refunded, claimed_at, created_at) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (source, external_id) DO NOTHING",
    )
    .bind(column(purchases, |purchase| purchase.id.uuid()))
    .bind(texts(purchases, |purchase| &purchase.source))
    .bind(texts(purchases, |purchase| &purchase.external_id))
    .bind(column(purchases, |purchase| purchase.amount))
    .bind(texts(purchases, |purchase| purchase.currency.as_str()))
    .bind(texts(purchases, |purchase| &purchase.merchant))
    .bind(column(purchases, |purchase| Ts(purchase.occurred_at)))
    .bind(column(purchases, |purchase| purchase.member_id.map(MemberId::uuid)))
    .bind(column(purchases, |purchase| purchase.rule_id.map(PurchaseRuleId::uuid)))
    .bind(column(purchases, |purchase| purchase.granted))
    .bind(column(purchases, |purchase| purchase.taken_back))
    .bind(column(purchases, |purchase| purchase.reversed))
    .bind(column(purchases, |purchase| purchase.refunded))
    .bind(column(purchases, |purchase| purchase.claimed_at.map(Ts)))
    .bind(column(purchases, |purchase| Ts(purchase.created_at)));
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn settle_purchases(tx: &mut Tx, purchases: &[PurchaseRecord]) -> Result<()> {
    if purchases.is_empty() {
        return Ok(());
    }
    let statement = query(
        "UPDATE purchases AS p SET member_id = s.member_id, rule_id = s.rule_id, granted = s.granted, taken_back = s.taken_back, \
         reversed = s.reversed, refunded = s.refunded, claimed_at = s.claimed_at FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8) \
         AS s (id, member_id, rule_id, granted, taken_back, reversed, refunded, claimed_at) WHERE p.id = s.id",
    )
    .bind(column(purchases, |purchase| purchase.id.uuid()))
    .bind(column(purchases, |purchase| purchase.member_id.map(MemberId::uuid)))
    .bind(column(purchases, |purchase| purchase.rule_id.map(PurchaseRuleId::uuid)))
    .bind(column(purchases, |purchase| purchase.granted))
    .bind(column(purchases, |purchase| purchase.taken_back))
    .bind(column(purchases, |purchase| purchase.reversed))
    .bind(column(purchases, |purchase| purchase.refunded))
    .bind(column(purchases, |purchase| purchase.claimed_at.map(Ts)));
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn put_refunds(tx: &mut Tx, refunds: &[&(String, Refund)]) -> Result<()> {
    if refunds.is_empty() {
        return Ok(());
    }
    let statement = query(
        "INSERT INTO purchase_refunds (source, external_id, purchase_id, amount, currency, occurred_at) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6) ON CONFLICT (source, external_id) DO UPDATE SET amount = excluded.amount, \
         occurred_at = excluded.occurred_at WHERE (excluded.occurred_at, excluded.amount) > \
         (purchase_refunds.occurred_at, purchase_refunds.amount)",
    )
    .bind(texts(refunds, |refund| &refund.0))
    .bind(texts(refunds, |refund| &refund.1.external_id))
    .bind(texts(refunds, |refund| &refund.1.purchase_id))
    .bind(column(refunds, |refund| refund.1.amount))
    .bind(texts(refunds, |refund| refund.1.currency.as_str()))
    .bind(column(refunds, |refund| Ts(refund.1.occurred_at)));
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn purchases_by_names(tx: &mut Tx, names: &[PurchaseName]) -> Result<Vec<Row>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let statement = query(concat!(
        "SELECT ",
        columns!(),
        ", (SELECT COALESCE(sum(r.amount), 0)::bigint FROM purchase_refunds AS r WHERE r.source = p.source \
         AND r.purchase_id = p.external_id AND r.currency = p.currency) AS went_back \
         FROM UNNEST($1, $2) AS n (source, external_id) \
         JOIN purchases AS p ON p.source = n.source AND p.external_id = n.external_id"
    ));
    let statement =
        statement.bind(texts(names, |name| &name.source)).bind(texts(names, |name| &name.external_id));
    tx.all(statement).await
}

pub(crate) async fn insert_keys(
    tx: &mut Tx,
    keys: &[(SecretHash, CustomerKeyKind, PurchaseId)],
) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let statement = query(
        "INSERT INTO purchase_keys (hash, kind, purchase_id) SELECT * FROM UNNEST($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(keys.iter().map(|(hash, ..)| &hash[..]).collect::<Vec<_>>())
    .bind(column(keys, |(_, kind, _)| kind.as_str()))
    .bind(column(keys, |(.., id)| id.uuid()));
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn delete_keys(tx: &mut Tx, ids: &[PurchaseId]) -> Result<()> {
    if !ids.is_empty() {
        let statement = query("DELETE FROM purchase_keys WHERE purchase_id = ANY($1)");
        tx.write(statement.bind(column(ids, |id| id.uuid()))).await?;
    }
    Ok(())
}

pub(crate) async fn claimable(tx: &mut Tx, wanted: &[SecretHash], limit: u32) -> Result<Vec<Row>> {
    let statement = query(
        "SELECT DISTINCT p.id, p.source, p.external_id FROM purchase_keys AS k JOIN purchases AS p ON p.id = k.purchase_id \
         WHERE k.hash = ANY($1) AND p.claimed_at IS NULL ORDER BY p.id LIMIT $2",
    );
    tx.all(statement.bind(hashes(wanted)).bind(i64::from(limit))).await
}

/// The points of days, each once and in order: the row is made when there is none, so that there is something to lock.
pub(crate) async fn lock_days(tx: &mut Tx, days: &[PurchaseDay]) -> Result<Vec<i64>> {
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let statement = query(
        "INSERT INTO purchase_days AS d (member_id, rule_id, day, points) SELECT u.*, 0 FROM UNNEST($1, $2, $3) AS u \
         ON CONFLICT (member_id, rule_id, day) DO UPDATE SET points = d.points RETURNING member_id, rule_id, day, points",
    )
    .bind(column(days, |day| day.member_id.uuid()))
    .bind(column(days, |day| day.rule_id.uuid()))
    .bind(column(days, |day| i64::from(day.day.number())));
    let rows = tx.write_all(statement).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let day: i64 = row::get(row, "day")?;
        let points: i64 = row::get(row, "points")?;
        found.insert((row::uuid(row, "member_id")?, row::uuid(row, "rule_id")?, day), points);
    }
    let key = |day: &PurchaseDay| (day.member_id.uuid(), day.rule_id.uuid(), i64::from(day.day.number()));
    Ok(column(days, |day| found.get(&key(day)).copied().unwrap_or(0)))
}

pub(crate) async fn set_days(tx: &mut Tx, days: &[(PurchaseDay, i64)]) -> Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let statement = query(
        "INSERT INTO purchase_days (member_id, rule_id, day, points) SELECT * FROM UNNEST($1, $2, $3, $4) \
         ON CONFLICT (member_id, rule_id, day) DO UPDATE SET points = excluded.points",
    )
    .bind(column(days, |(day, _)| day.member_id.uuid()))
    .bind(column(days, |(day, _)| day.rule_id.uuid()))
    .bind(column(days, |(day, _)| i64::from(day.day.number())))
    .bind(column(days, |(_, points)| *points));
    tx.write(statement).await?;
    Ok(())
}

pub(crate) async fn members_by_links(tx: &mut Tx, wanted: &[SecretHash]) -> Result<Vec<Option<MemberId>>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let statement = query("SELECT hash, member_id FROM customer_links WHERE hash = ANY($1)");
    let rows = tx.all(statement.bind(hashes(wanted))).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row::hash(row, "hash")?, MemberId::new(row::uuid(row, "member_id")?));
    }
    Ok(column(wanted, |hash| found.get(hash).copied()))
}

pub(crate) async fn members_by_proven_emails(
    tx: &mut Tx,
    emails: &[EmailAddress],
) -> Result<Vec<Option<MemberId>>> {
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    let statement =
        query("SELECT email, id FROM members WHERE email = ANY($1) AND email_verified_at IS NOT NULL");
    let rows = tx.all(statement.bind(texts(emails, EmailAddress::as_str))).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row::get::<String>(row, "email")?, MemberId::new(row::uuid(row, "id")?));
    }
    Ok(column(emails, |email| found.get(email.as_str()).copied()))
}
