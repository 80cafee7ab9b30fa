//! Nobody spends, sees or takes back another member's points, whatever ids they put into bodies, queries and paths.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    limits::{PRICE, PURSE},
    points::{TRANSFERS, balance, fresh_key, give},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::refused,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "wallet.others-points",
    title: "Another member's points can be neither spent, seen nor taken back",
    promises: &["WAL-4", "SEC-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.2"),
        Reference::Asvs("8.2.3"),
        Reference::Asvs("8.3.1"),
        Reference::Cwe(639),
        Reference::Cwe(915),
        Reference::Api(1),
        Reference::Api(3),
    ],
    needs: super::NEEDS_SPENDING,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("wallet_owner"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// How a body or a query might say whose points are meant.
const NAMES: &[&str] = &[
    "from",
    "member_id",
    "member",
    "account_id",
    "wallet_id",
    "owner_id",
    "user_id",
    "debit",
    "debit_account",
    "on_behalf_of",
];

async fn run(probe: Probe) -> Outcome {
    let (owner, stranger) = (probe.bearer_member().await?, probe.bearer_member().await?);
    let transfer = give(&probe, &owner, PURSE).await?;
    for name in NAMES {
        let mut body = json!({ "to": stranger.member_id, "amount": PRICE, "reason": "x" });
        // To oneself is refused; what is tried is to be the other.
        let mut onwards = json!({ "to": owner.member_id, "amount": PRICE, "reason": "x" });
        for body in [&mut body, &mut onwards] {
            body[*name] = json!(owner.member_id);
            let call = stranger.post(TRANSFERS).header("idempotency-key", fresh_key()).json(body);
            let call = call.purpose(format!("{name} is another member")).patiently();
            refused(&call.send().await?, &format!("a transfer whose {name} is another member"))?;
        }
        for path in ["/v1/wallet", "/v1/wallet/statement", "/v1/wallet/balance", "/v1/wallet/holds"] {
            let path = format!("{path}?{name}={}", owner.member_id);
            let answer = stranger.get(&path).purpose("a query for another's").patiently().send().await?;
            let body = answer.json();
            let has = body.get("balance").and_then(Value::as_i64).unwrap_or(0);
            let items = body.get("items").and_then(Value::as_array).map_or(0, Vec::len);
            ensure(answer.status != 200 || (has == 0 && items == 0), || {
                format!("GET {path} shows another member's points: {}", answer.said())
            })?;
        }
    }
    let below = format!("/v1/operator/members/{}/wallet", owner.member_id);
    let service = format!("/v1/service/members/{}/wallet", owner.member_id);
    let reversal = format!("/v1/operator/wallet/transfers/{transfer}/reversal");
    let reason = json!({ "amount": PRICE, "reason": "x" });
    for (method, path) in [
        (Method::GET, below.clone()),
        (Method::GET, format!("{below}/statement")),
        (Method::POST, format!("{below}/grants")),
        (Method::POST, reversal),
        (Method::GET, service.clone()),
        (Method::POST, format!("{service}/grants")),
    ] {
        let call = stranger.call(method, &path).header("idempotency-key", fresh_key()).json(&reason);
        refused(&call.purpose("a member tries it").patiently().send().await?, &path)?;
    }
    let has = [balance(&probe, &owner).await?, balance(&probe, &stranger).await?];
    ensure(has == [PURSE, 0], || format!("all was refused, and the balances are {has:?}"))?;
    passed(format!("{} names in bodies and queries, and the routes of operators and back ends", NAMES.len()))
}
