//! Who was shown a price pays that price or nothing: an operator changes an offer while a member looks at it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    limits::PURSE,
    points::{balance, fresh_key, member_with},
};
use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::shop::{PRICE, Shop},
    client::Answer,
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.shown-price",
    title: "An offer is not taken at another price than the member was shown",
    promises: &["WAL-7"],
    priority: Priority::P1,
    references: &[Reference::Asvs("2.3.2"), Reference::Cwe(367), Reference::Api(6)],
    needs: &[Need::Capability("wallet"), Need::ServiceKey, Need::Operator, Need::Disposable],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("shown_price"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let shop = Shop::open(&probe).await?;
    let outcome = attack(&probe, &shop).await;
    shop.close().await?;
    outcome
}

async fn attack(probe: &Probe, shop: &Shop) -> Outcome {
    let member = member_with(probe, PURSE).await?;
    let dearer = PRICE + 1;
    let offer = shop.operator.call(Method::PATCH, &format!("/v1/operator/offers/{}", shop.offer_id));
    offer.json(&json!({ "points": dearer })).purpose("makes it dearer").patiently().expect(200).await?;

    let refused = take(shop, &member, PRICE).await?;
    ensure(refused.status == 409 && refused.code() == "price_changed", || {
        format!(
            "an offer that was shown at {PRICE} and costs {dearer} answered {}: {}",
            refused.status,
            refused.said()
        )
    })?;
    let has = held(&member).await?;
    ensure(has == 0, || format!("{has} points are held after the refusal"))?;
    let taken = take(shop, &member, dearer).await?;
    ensure(
        taken.status == 201 && taken.json().get("points").and_then(Value::as_i64) == Some(dearer),
        || format!("at the price that was shown it answered {}: {}", taken.status, taken.said()),
    )?;
    let has = held(&member).await?;
    ensure(has == dearer && balance(probe, &member).await? == PURSE, || {
        format!("{has} points are held for an offer of {dearer}")
    })?;
    passed(format!("shown at {PRICE}, it was not taken at {dearer}; shown at {dearer}, it was"))
}

async fn take(shop: &Shop, member: &Actor, shown: i64) -> Result<Answer, Ended> {
    let body = json!({ "offer_id": shop.offer_id, "points": shown });
    let taken = member.post("/v1/wallet/redemptions").header("idempotency-key", fresh_key()).json(&body);
    taken.purpose(format!("takes what was shown at {shown}")).patiently().send().await
}

async fn held(member: &Actor) -> Result<i64, Ended> {
    let wallet = member.get("/v1/wallet").purpose("what is held?").patiently().expect(200).await?;
    let held = wallet.json().get("held").and_then(Value::as_i64);
    held.ok_or_else(|| Ended::error("the wallet does not say what is held"))
}
