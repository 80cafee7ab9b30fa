//! A till of the gate's own: its purchases are signed by the source that was lent, and one rule gives a point for each minor unit.
//!
//! Nobody pays in the currency that is kept for tests (ISO 4217, XTS), so the rule counts for nobody else and may stay: rules are
//! never removed, and one that is there is not made again.

use serde_json::{Value, json};
use uuid::Uuid;

use super::limits::AMOUNT;
use crate::{
    check::{Ended, ensure},
    client::{Answer, Call},
    members::Actor,
    probe::Probe,
    webhook::{Event, Source, moment},
};

const MERCHANT: &str = "mainstay-gate";
const CURRENCY: &str = "XTS";
const RULES: &str = "/v1/operator/purchase-rules";

/// A kind of event that does nothing.
pub(super) const NOTHING: &str = "gate.attacks";

/// The till.
pub(super) struct Till<'a> {
    probe: &'a Probe,
    source: &'a Source,
}

/// A member whom the till recognises.
pub(super) struct Buyer {
    pub(super) member: Actor,
    /// What they show at the till.
    pub(super) code: String,
}

/// What a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Points {
    pub(super) balance: i64,
    pub(super) owed: i64,
}

impl<'a> Till<'a> {
    /// One whose purchases give points.
    ///
    /// # Errors
    /// [`Ended::Unanswerable`] where no source is lent and no operator can be had.
    pub(super) async fn open(probe: &'a Probe) -> Result<Self, Ended> {
        let source = probe.webhook_source()?;
        probe.world.lent.purchase_rule.get_or_try_init(|| see_to_a_rule(probe, source)).await?;
        Ok(Self { probe, source })
    }

    /// A new member with a code.
    pub(super) async fn buyer(&self) -> Result<Buyer, Ended> {
        let member = self.probe.bearer_member().await?;
        let made = member.post("/v1/me/purchase-links").json(&json!({})).purpose("a code for the till");
        let code = made.patiently().expect(201).await?.text_at("/code")?;
        Ok(Buyer { member, code })
    }

    /// A delivery, rightly signed.
    pub(super) fn delivery(&self, event: &Event) -> Call {
        self.source.delivery(&self.probe.client, event).patiently()
    }

    /// Delivers an event that must be new.
    pub(super) async fn deliver(&self, event: &Event, purpose: &str) -> Result<(), Ended> {
        let answer = self.delivery(event).purpose(purpose).send().await?;
        ensure(is(&answer, "recorded"), || {
            format!("{purpose}: it answered {} {}", answer.status, answer.said())
        })
    }
}

async fn see_to_a_rule(probe: &Probe, source: &Source) -> Result<(), Ended> {
    let operator = probe.operator().await?;
    let rules = operator.get(RULES).purpose("is there a rule for the gate?").patiently().expect(200).await?;
    let is_ours = |rule: &Value| {
        let is = |field: &str, value: &str| rule.get(field).and_then(Value::as_str) == Some(value);
        let is_one = |field: &str| rule.get(field).and_then(Value::as_i64) == Some(1);
        let is_open = ["ends_at", "purchase_points_max", "day_points_max"]
            .iter()
            .all(|field| rule.get(*field).is_none_or(Value::is_null));
        is("source", &source.name)
            && is("merchant", MERCHANT)
            && is("currency", CURRENCY)
            && is_one("points")
            && is_one("per_amount")
            && is_open
    };
    if rules.json().get("items").and_then(Value::as_array).is_some_and(|items| items.iter().any(is_ours)) {
        return Ok(());
    }
    let rule = json!({
        "name": "Attacks of the gate", "source": source.name, "merchant": MERCHANT, "currency": CURRENCY,
        "points": 1, "per_amount": 1,
    });
    let made = operator.post(RULES).json(&rule).purpose("a rule for the gate's purchases").patiently();
    made.expect(201).await.map(drop)
}

/// A name that no purchase or refund has.
pub(super) fn fresh_name() -> String {
    format!("gate-{}", Uuid::new_v4().simple())
}

/// Somebody bought something.
pub(super) fn purchase(name: &str, code: &str) -> Event {
    purchase_of(name, code, AMOUNT)
}

/// The same for so much.
pub(super) fn purchase_of(name: &str, code: &str, amount: i64) -> Event {
    let data = json!({
        "purchase_id": name, "amount": amount, "currency": CURRENCY, "merchant": MERCHANT,
        "occurred_at": moment(), "customer": { "code": code },
    });
    Event::new("purchase.completed", &data)
}

/// Some of a purchase goes back.
pub(super) fn refund(name: &str, purchase: &str, amount: i64) -> Event {
    let data = json!({
        "refund_id": name, "purchase_id": purchase, "amount": amount, "currency": CURRENCY, "occurred_at": moment(),
    });
    Event::new("purchase.refunded", &data)
}

/// Whether an answer is this receipt.
pub(super) fn is(answer: &Answer, receipt: &str) -> bool {
    answer.status == 200 && answer.json().get("status").and_then(Value::as_str) == Some(receipt)
}

/// What a member has.
pub(super) async fn points(member: &Actor) -> Result<Points, Ended> {
    let wallet = member.get("/v1/wallet").purpose("what is there?").patiently().expect(200).await?.json();
    let number = |name: &str| {
        let number = wallet.get(name).and_then(Value::as_i64);
        number.ok_or_else(|| Ended::error(format!("the wallet has no {name}")))
    };
    Ok(Points { balance: number("balance")?, owed: number("owed")? })
}

/// Demands that a member has so many points and owes nothing.
pub(super) async fn has(buyer: &Buyer, balance: i64, after: &str) -> Result<(), Ended> {
    let found = points(&buyer.member).await?;
    ensure(found == Points { balance, owed: 0 }, || {
        format!(
            "{after}, there should be {balance} points; there are {} and {} owed",
            found.balance, found.owed
        )
    })
}
