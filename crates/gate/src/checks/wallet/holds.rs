//! Points that are held can't be spent or held again, and a hold is settled once.

use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    limits::{HELD_SECONDS, PRICE, PURSE},
    points::{balance, fresh_key, member_with},
};
use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::shop::Shop,
    client::Answer,
    limits,
    members::Actor,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.holds",
    title: "Holds at the same moment never exceed the balance, and each is captured or released once",
    promises: &["WAL-2", "WAL-4", "T-WA-10"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("2.3.4"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(362),
        Reference::Cwe(367),
        Reference::Api(6),
    ],
    needs: &[Need::Capability("wallet"), Need::ServiceKey, Need::Operator, Need::Disposable],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("hold_amount"),
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
    let fitting = PURSE / PRICE;
    let path = format!("/v1/service/members/{}/wallet/holds", member.member_id);
    let body = json!({ "merchant_id": shop.merchant_id, "amount": PRICE, "lasts_seconds": HELD_SECONDS });
    let answers = try_join_all((0..limits::AT_ONCE).map(|_| post(probe, &path, &body))).await?;
    let (done, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in others {
        too_few(answer, "a hold at the same moment as others")?;
    }
    ensure(i64::try_from(done.len()) == Ok(fitting), || {
        format!("{} holds of {PRICE} succeeded on {PURSE} points, not {fitting}", done.len())
    })?;
    let (has, available) = (balance(probe, &member).await?, available(&member).await?);
    ensure((has, available) == (PURSE, PURSE - fitting * PRICE), || {
        format!("{fitting} holds of {PRICE} on {PURSE} points leave {has}, {available} of them to spend")
    })?;

    let ids = done.iter().map(|answer| answer.text_at("/id")).collect::<Result<Vec<_>, _>>()?;
    let capture = format!("/v1/service/wallet/holds/{}/capture", ids[0]);
    let release = format!("/v1/service/wallet/holds/{}/release", ids[0]);
    let more = post(probe, &capture, &json!({ "amount": PRICE + 1 })).await?;
    too_few(&more, "to capture more than is held")?;
    let race = (0..limits::AT_ONCE).map(|number| {
        let path = if number % 2 == 0 { &capture } else { &release };
        let body = json!({});
        async move { post(probe, path, &body).await }
    });
    let settled = try_join_all(race).await?;
    let once = settled.iter().filter(|answer| answer.status == 201).count();
    ensure(once == 1 && settled.iter().all(|answer| matches!(answer.status, 201 | 409)), || {
        let statuses = settled.iter().map(|answer| answer.status).collect::<Vec<_>>();
        format!("one hold was captured and released at the same moment, and the answers are {statuses:?}")
    })?;
    let was_captured = settled.iter().step_by(2).any(|answer| answer.status == 201);
    for id in &ids[1..] {
        let path = format!("/v1/service/wallet/holds/{id}/release");
        let released = post(probe, &path, &json!({})).await?;
        ensure(released.status == 201, || {
            format!("a release answered {}: {}", released.status, released.said())
        })?;
    }
    let wanted = if was_captured { PURSE - PRICE } else { PURSE };
    let (has, available) = (balance(probe, &member).await?, self::available(&member).await?);
    ensure((has, available) == (wanted, wanted), || {
        format!(
            "after all is settled there should be {wanted} points; there are {has}, {available} of them to spend"
        )
    })?;
    passed(format!(
        "{} holds of {PRICE} at once on {PURSE} points: {fitting} succeeded; one was captured or released once, at {} tries",
        answers.len(),
        settled.len()
    ))
}

async fn post(probe: &Probe, path: &str, body: &Value) -> Result<Answer, Ended> {
    let call = probe.service(Method::POST, path)?.header("idempotency-key", fresh_key());
    call.json(body).patiently().send().await
}

fn too_few(answer: &Answer, what: &str) -> Result<(), Ended> {
    ensure(answer.status == 409 && answer.code() == "insufficient_points", || {
        format!("{what} answered {}: {}", answer.status, answer.said())
    })
}

async fn available(member: &Actor) -> Result<i64, Ended> {
    let wallet = member.get("/v1/wallet").purpose("what can be spent?").patiently().expect(200).await?;
    let available = wallet.json().get("available").and_then(Value::as_i64);
    available.ok_or_else(|| Ended::error("the wallet does not say what can be spent"))
}
