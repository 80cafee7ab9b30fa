//! Rules by which purchases become points. A rule is never changed, so that what a purchase came to can be told from it for ever; it
//! ends, and another begins.

use mainstay_model::{
    PurchaseRuleId, Timestamp,
    ledger::AMOUNT_MAX,
    purchase::{Currency, PURCHASE_AMOUNT_MAX, PurchaseRule},
    text,
};
use serde_json::json;

use crate::{App, Caller, Code, Error, RequestContext, Result, audit, limits};

/// A rule as an operator gives it.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// For people; members read it as the reason of their points.
    pub name: String,
    /// Only purchases of this source.
    pub source: Option<String>,
    /// Only purchases at this merchant, as the source calls it.
    pub merchant: Option<String>,
    /// Only purchases in this currency.
    pub currency: Currency,
    /// So many points
    pub points: i64,
    /// for so many minor units.
    pub per_amount: i64,
    /// At most so many points for one purchase.
    pub purchase_points_max: Option<i64>,
    /// At most so many points for all purchases of a member on one day (UTC).
    pub day_points_max: Option<i64>,
    /// Only purchases from then on.
    pub starts_at: Option<Timestamp>,
    /// Only purchases before.
    pub ends_at: Option<Timestamp>,
}

/// Lists every rule, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn rules(app: &App) -> Result<Vec<PurchaseRule>> {
    Ok(app.read().await?.purchase_rules(limits::PURCHASE_RULES_KEPT_MAX).await?)
}

/// Makes a rule.
///
/// # Errors
/// [`Code::ValidationFailed`], [`Code::Conflict`] when there are too many, or the database is away.
pub async fn make_rule(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    new: &NewRule,
) -> Result<PurchaseRule> {
    let rule = checked(app, new)?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.lock_name("purchase_rules").await?;
        check_room(&tx.purchase_rules(limits::PURCHASE_RULES_KEPT_MAX).await?, app.now())?;
        tx.insert_purchase_rule(&rule).await?;
        let detail = json!({ "name": rule.name, "points": rule.points, "per_amount": rule.per_amount });
        let told =
            audit::event(app, context, "purchase_rule.made", &caller.actor(), subject(rule.id), detail);
        tx.append_audit_events(&[told]).await?;
        tx.commit().await?;
        Ok(rule.clone())
    })
    .await
}

/// A rule that has ended makes room for another.
fn check_room(rules: &[PurchaseRule], now: Timestamp) -> Result<()> {
    let lasting = rules.iter().filter(|rule| rule.ends_at.is_none_or(|end| end > now)).count();
    if lasting >= limits::PURCHASE_RULES_MAX {
        let most = limits::PURCHASE_RULES_MAX;
        let detail =
            format!("There are {most} rules that have not ended. End one that is not needed any more.");
        return Err(Error::new(Code::Conflict, detail));
    }
    if rules.len() >= limits::PURCHASE_RULES_KEPT_MAX as usize {
        let most = limits::PURCHASE_RULES_KEPT_MAX;
        return Err(Error::new(
            Code::Conflict,
            format!("There are {most} rules, those that ended included."),
        ));
    }
    Ok(())
}

fn checked(app: &App, new: &NewRule) -> Result<PurchaseRule> {
    let label = |field, text: &str| {
        text::required_label(text, limits::LABEL_CHARS_MAX).map_err(|fault| Error::text(field, fault))
    };
    let number = |field, number: i64, most: i64| {
        if (1..=most).contains(&number) {
            return Ok(number);
        }
        Err(Error::field(field, "out_of_range", format!("must be from 1 to {most}")))
    };
    let optional =
        |field, given: Option<i64>| given.map(|given| number(field, given, AMOUNT_MAX)).transpose();
    if let Some(source) = &new.source
        && app.settings.webhook_sources.get(source).is_none()
    {
        return Err(Error::field("source", "unknown", "is no configured source"));
    }
    if new.starts_at.zip(new.ends_at).is_some_and(|(start, end)| end <= start) {
        return Err(Error::field("ends_at", "out_of_range", "must be after starts_at"));
    }
    let now = app.now();
    Ok(PurchaseRule {
        id: PurchaseRuleId::new(app.ports.random.uuid(now)),
        name: label("name", &new.name)?,
        source: new.source.clone(),
        merchant: new.merchant.as_deref().map(|text| label("merchant", text)).transpose()?,
        currency: new.currency,
        points: number("points", new.points, AMOUNT_MAX)?,
        per_amount: number("per_amount", new.per_amount, PURCHASE_AMOUNT_MAX)?,
        purchase_points_max: optional("purchase_points_max", new.purchase_points_max)?,
        day_points_max: optional("day_points_max", new.day_points_max)?,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        created_at: now,
    })
}

/// Has a rule end now: purchases from now on do not count by it.
///
/// # Errors
/// [`Code::NotFound`], or the database is away.
pub async fn end_rule(
    app: &App,
    context: &RequestContext,
    caller: &Caller,
    id: PurchaseRuleId,
) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        if !tx.end_purchase_rule(id, app.now()).await? {
            return Err(Error::not_found());
        }
        let told = audit::event(app, context, "purchase_rule.ended", &caller.actor(), subject(id), json!({}));
        tx.append_audit_events(&[told]).await?;
        Ok(tx.commit().await?)
    })
    .await
}

fn subject(id: PurchaseRuleId) -> String {
    format!("purchase_rule:{id}")
}
