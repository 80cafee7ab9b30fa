//! What purchases come to. Every call computes, from what is stored, what should have been granted and taken back by now, and posts
//! the difference: so events may come twice and in any order.
//!
//! Rounding: a rule gives whole points, rounded down; after a refund what is kept is rounded down, too.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use mainstay_model::{
    Day, MemberId, PurchaseId, Timestamp,
    audit::Actor,
    ledger::{AMOUNT_MAX, AccountRef, Amount, Order, Posting, PostingKey},
    outgoing::{EventType, OutgoingEvent},
    purchase::{PurchaseRecord, PurchaseRule},
};
use mainstay_store::{self as store, Posted, PurchaseDay, PurchaseName, Tx};
use serde_json::json;

use super::{Effect, Told, undo::cause};
use crate::{
    App, crypto, events, limits,
    ports::Ports,
    sabotage::{self, Guard},
    wallet,
};

/// On what purchases are settled.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) ports: Ports,
    /// Points can be spent for so many days; for ever when there is no bound.
    pub(crate) points_valid_days: Option<u32>,
}

impl Terms {
    pub(crate) fn of(app: &App) -> Self {
        Self { ports: app.ports.clone(), points_valid_days: app.settings.points_valid_days }
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The last day of points that are granted now.
    fn expires_on(&self) -> Option<Day> {
        let days = self.points_valid_days?;
        Some(Day::of(self.now()).plus(i32::try_from(days).unwrap_or(i32::MAX)))
    }
}

impl Told {
    fn name(&self) -> PurchaseName {
        let external_id = match &self.effect {
            Effect::Purchase(purchase) => &purchase.external_id,
            Effect::Refund(refund) => &refund.purchase_id,
        };
        PurchaseName { source: self.source.clone(), external_id: external_id.clone() }
    }
}

/// Writes down what was told and settles every purchase that it is about. A fixed number of statements, however much it is.
pub(crate) async fn apply(tx: &mut dyn Tx, terms: &Terms, told: &[&Told]) -> store::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = told.iter().map(|told| told.name()).collect::<BTreeSet<_>>().into_iter().collect();
    tx.lock_purchase_names(&names).await?;
    let tried = write_down(tx, terms, told).await?;
    let found = tx.purchases_by_names(&names).await?;
    require_currency(told, &names, &found)?;
    let owners = owners(tx, told).await?;
    let due = names.iter().zip(found).filter_map(|(name, found)| {
        let (purchase, went_back) = found?;
        let owner = owners.get(name).copied().filter(|_| purchase.claimed_at.is_none());
        let is_new = tried.contains(&purchase.id);
        let went_back = if is_new && sabotage::is_off(Guard::RefundFirst) { 0 } else { went_back };
        Some(Due { purchase, went_back, owner, is_new })
    });
    let due: Vec<_> = due.collect();
    let found = due.iter().filter(|due| due.owner.is_some() && !due.is_new).map(|due| due.purchase.id);
    let found: Vec<_> = found.collect();
    let settled = settle(tx, terms, due).await?;
    if !found.is_empty() {
        tx.delete_purchase_keys(&found).await?;
    }

    let unclaimed: HashMap<_, _> = settled
        .iter()
        .filter(|purchase| purchase.claimed_at.is_none())
        .map(|purchase| ((purchase.source.as_str(), purchase.external_id.as_str()), purchase.id))
        .collect();
    let mut keys = BTreeSet::new();
    for told in told {
        let Effect::Purchase(purchase) = &told.effect else { continue };
        if let Some(&id) = unclaimed.get(&(told.source.as_str(), purchase.external_id.as_str())) {
            keys.extend(told.keys.iter().map(|&(hash, kind)| (hash, kind, id)));
        }
    }
    tx.insert_purchase_keys(&keys.into_iter().collect::<Vec<_>>()).await
}

/// What went back in another currency than was paid in can't be counted: a person has to look at it.
fn require_currency(
    told: &[&Told],
    names: &[PurchaseName],
    found: &[Option<(PurchaseRecord, i64)>],
) -> store::Result<()> {
    let found: HashMap<_, _> = names.iter().zip(found).collect();
    for told in told {
        let Effect::Refund(refund) = &told.effect else { continue };
        let Some(Some((purchase, _))) = found.get(&told.name()) else { continue };
        if refund.currency != purchase.currency {
            let (paid, back) = (purchase.currency.as_str(), refund.currency.as_str());
            return Err(store::Error::Failed(format!("a refund in {back} of a purchase in {paid}")));
        }
    }
    Ok(())
}

/// Whether it is about a purchase that belongs to nobody yet.
#[cfg(feature = "sabotage")]
pub(crate) async fn is_nobodys(app: &App, told: &Told) -> crate::Result<bool> {
    let found = app.write().await?.purchases_by_names(&[told.name()]).await?;
    Ok(found.iter().flatten().any(|(purchase, _)| purchase.claimed_at.is_none()))
}

/// Answers the ids of all purchases that it tried to write down; one that was there keeps its own.
async fn write_down(tx: &mut dyn Tx, terms: &Terms, told: &[&Told]) -> store::Result<HashSet<PurchaseId>> {
    let now = terms.now();
    let (mut purchases, mut refunds) = (BTreeMap::new(), Vec::new());
    for told in told {
        match &told.effect {
            Effect::Purchase(purchase) => {
                purchases.entry(told.name()).or_insert_with(|| PurchaseRecord {
                    id: PurchaseId::new(terms.ports.random.uuid(now)),
                    source: told.source.clone(),
                    external_id: purchase.external_id.clone(),
                    amount: purchase.amount,
                    currency: purchase.currency,
                    merchant: purchase.merchant.clone(),
                    occurred_at: purchase.occurred_at,
                    member_id: None,
                    rule_id: None,
                    granted: 0,
                    taken_back: 0,
                    reversed: 0,
                    refunded: 0,
                    claimed_at: None,
                    created_at: now,
                });
            }
            Effect::Refund(refund) => refunds.push((told.source.clone(), refund.clone())),
        }
    }
    let purchases = purchases.into_values().collect::<Vec<_>>();
    tx.insert_purchases(&purchases).await?;
    tx.put_refunds(&refunds).await?;
    Ok(purchases.iter().map(|purchase| purchase.id).collect())
}

/// Whose the purchases are: by a link, the first that there is, or by a proven address.
async fn owners(tx: &mut dyn Tx, told: &[&Told]) -> store::Result<HashMap<PurchaseName, MemberId>> {
    let hashes: Vec<_> = told.iter().flat_map(|told| told.keys.iter().map(|(hash, _)| *hash)).collect();
    let emails: Vec<_> = told.iter().filter_map(|told| told.email.clone()).collect();
    let mut by_link = tx.members_by_links(&hashes).await?.into_iter();
    let mut by_email = tx.members_by_proven_emails(&emails).await?.into_iter();
    let mut owners = HashMap::new();
    for told in told {
        let links: Vec<_> = by_link.by_ref().take(told.keys.len()).flatten().collect();
        let email = if told.email.is_some() { by_email.next().flatten() } else { None };
        if let Some(owner) = links.first().copied().or(email) {
            owners.entry(told.name()).or_insert(owner);
        }
    }
    Ok(owners)
}

/// A purchase that is locked, with what went back of it in all, and whom it belongs to from now on.
pub(super) struct Due {
    pub(super) purchase: PurchaseRecord,
    pub(super) went_back: i64,
    pub(super) owner: Option<MemberId>,
    /// It was told just now for the first time.
    pub(super) is_new: bool,
}

/// Brings purchases to where they should be, and answers them as they are then.
pub(super) async fn settle(
    tx: &mut dyn Tx,
    terms: &Terms,
    mut due: Vec<Due>,
) -> store::Result<Vec<PurchaseRecord>> {
    let now = terms.now();
    let mut postings = Vec::new();
    grant(tx, terms, &mut due, &mut postings, now).await?;
    let (mut changed, mut heard) = (Vec::new(), Vec::new());
    for Due { purchase, went_back, owner, is_new } in &mut due {
        let (refunded, before) = ((*went_back).clamp(0, purchase.amount), purchase.taken_back);
        let is_refunded = refunded != purchase.refunded;
        let has_changed = owner.is_some() || refunded != purchase.refunded;
        purchase.refunded = refunded;
        if let Some(member_id) = purchase.member_id {
            purchase.taken_back = purchase.owed_back(refunded);
            let wallet = AccountRef::member(member_id);
            let owed = purchase.taken_back - before;
            if let Some(amount) = Amount::new(owed).filter(|_| !sabotage::is_off(Guard::RefundDebt)) {
                let order = Order::ClawBack { from: wallet, amount };
                postings.push(posting(terms, purchase, order, "Purchase refunded", now));
            } else if let Some(amount) = Amount::new(-owed) {
                let order = Order::Grant { to: wallet, amount, expires_on: terms.expires_on() };
                postings.push(posting(terms, purchase, order, "Refund taken back", now));
            }
        }
        let types = [
            (*is_new, EventType::PurchaseRecorded),
            (owner.is_some() && !*is_new, EventType::PurchaseClaimed),
            (is_refunded, EventType::PurchaseRefunded),
        ];
        let types = types.into_iter().filter(|(has_happened, _)| *has_happened);
        heard.extend(types.map(|(_, event_type)| event(terms, purchase, event_type)));
        if has_changed {
            changed.push(purchase.clone());
        }
    }
    if !postings.is_empty() {
        let posted = tx.post(&postings).await?;
        wallet::tell(tx, &posted).await?;
        for posted in posted {
            if !matches!(posted, Posted::Done { is_replay: false, .. }) {
                return Err(store::Error::Failed(format!(
                    "the ledger refused a purchase's points: {posted:?}"
                )));
            }
        }
    }
    tx.settle_purchases(&changed).await?;
    tx.insert_outgoing_events(&heard).await?;
    metrics::counter!("mainstay_purchase_postings_total").increment(postings.len() as u64);
    Ok(due.into_iter().map(|due| due.purchase).collect())
}

/// What back ends hear of a purchase.
fn event(terms: &Terms, purchase: &PurchaseRecord, event_type: EventType) -> OutgoingEvent {
    let now = terms.now();
    let data = json!({
        "purchase_id": purchase.id,
        "source": purchase.source,
        "external_id": purchase.external_id,
        "amount": purchase.amount,
        "currency": purchase.currency.as_str(),
        "refunded": purchase.refunded,
        "member_id": purchase.member_id,
        "points_granted": purchase.granted,
        "points_taken_back": purchase.taken_back,
    });
    events::event(terms.ports.random.uuid(now), now, event_type, &data)
}

/// Grants points for purchases that have found their owner.
async fn grant(
    tx: &mut dyn Tx,
    terms: &Terms,
    due: &mut [Due],
    postings: &mut Vec<Posting>,
    now: Timestamp,
) -> store::Result<()> {
    if due.iter().all(|due| due.owner.is_none()) {
        return Ok(());
    }
    let rules = tx.purchase_rules(limits::PURCHASE_RULES_KEPT_MAX).await?;
    let fitting: Vec<_> = due
        .iter()
        .map(|due| due.owner.map_or(Vec::new(), |owner| fitting(&rules, &due.purchase, owner)))
        .collect();
    let days = fitting.iter().flatten().filter_map(|fitting| fitting.day).collect::<BTreeSet<_>>();
    let days: Vec<_> = days.into_iter().collect();
    let used = tx.lock_purchase_days(&days).await?;
    let mut used: BTreeMap<_, _> = days.into_iter().zip(used).collect();
    for (Due { purchase, owner, .. }, fitting) in due.iter_mut().zip(fitting) {
        let Some(owner) = *owner else { continue };
        (purchase.member_id, purchase.claimed_at) = (Some(owner), Some(now));
        let Some((Fitting { rule, day, .. }, points)) = best(&fitting, &used) else { continue };
        if let Some(used) = day.and_then(|day| used.get_mut(&day)) {
            *used += points;
        }
        (purchase.rule_id, purchase.granted) = (Some(rule.id), points);
        if let Some(amount) = Amount::new(points) {
            let order =
                Order::Grant { to: AccountRef::member(owner), amount, expires_on: terms.expires_on() };
            postings.push(posting(terms, purchase, order, &rule.name, now));
        }
    }
    tx.set_purchase_days(&used.into_iter().collect::<Vec<_>>()).await
}

/// A rule that fits a purchase.
struct Fitting<'a> {
    rule: &'a PurchaseRule,
    /// What it gives as long as its day has room.
    points: i64,
    /// The day on which it is bounded.
    day: Option<PurchaseDay>,
}

fn fitting<'a>(
    rules: &'a [PurchaseRule],
    purchase: &PurchaseRecord,
    member_id: MemberId,
) -> Vec<Fitting<'a>> {
    let day = Day::of(purchase.occurred_at);
    let fitting = rules.iter().filter(|rule| rule.fits(purchase)).map(|rule| Fitting {
        rule,
        points: rule.points_for(purchase.amount).min(AMOUNT_MAX),
        day: rule.day_points_max.map(|_| PurchaseDay { member_id, rule_id: rule.id, day }),
    });
    fitting.collect()
}

/// The rule that gives most, with what its day has left of it; of equal ones the older.
fn best<'a, 'b>(
    fitting: &'b [Fitting<'a>],
    used: &BTreeMap<PurchaseDay, i64>,
) -> Option<(&'b Fitting<'a>, i64)> {
    let given = |fitting: &Fitting<'_>| match (fitting.day, fitting.rule.day_points_max) {
        (Some(day), Some(most)) => {
            fitting.points.min(most - used.get(&day).copied().unwrap_or_default()).max(0)
        }
        _ => fitting.points,
    };
    let given = fitting.iter().map(|fitting| (fitting, given(fitting)));
    given.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// A posting for a purchase. That it happens once is held by the purchase, which is locked; the key is its own.
fn posting(terms: &Terms, purchase: &PurchaseRecord, order: Order, reason: &str, now: Timestamp) -> Posting {
    let id = terms.ports.random.uuid(now);
    let told =
        json!({ "purchase": purchase.id, "granted": purchase.granted, "taken_back": purchase.taken_back });
    Posting {
        id,
        key: PostingKey(id),
        fingerprint: crypto::sha256(told.to_string().as_bytes()),
        order,
        reason: reason.to_owned(),
        actor: Actor::System.to_text(),
        cause: cause(purchase.id),
        at: now,
    }
}
