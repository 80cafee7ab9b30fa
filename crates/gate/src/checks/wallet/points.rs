//! Wallets as checks use them: points come from a team's back end, members send them, and statements are read back.

use reqwest::Method;
use serde_json::{Value, json};

use super::limits;
use crate::{
    check::{Ended, ensure},
    client::{Answer, Call},
    members::Actor,
    probe::Probe,
};

/// Where members send points.
pub(super) const TRANSFERS: &str = "/v1/wallet/transfers";

/// Says that a request was carried out before.
const REPLAYED: &str = "idempotent-replayed";

/// A key that nobody used.
pub(super) fn fresh_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Where a team's back end gives points to a member.
pub(super) fn grants(member: &Actor) -> String {
    format!("/v1/service/members/{}/wallet/grants", member.member_id)
}

/// A grant by the team's back end.
pub(super) fn grant(probe: &Probe, member: &Actor, key: &str, points: i64) -> Result<Call, Ended> {
    let call = probe.service(Method::POST, &grants(member))?.header("idempotency-key", key);
    Ok(call.json(&json!({ "amount": points, "reason": "an attack of the gate" })).patiently())
}

/// A member with points.
pub(super) async fn member_with(probe: &Probe, points: i64) -> Result<Actor, Ended> {
    let member = probe.bearer_member().await?;
    give(probe, &member, points).await?;
    Ok(member)
}

/// Gives a member points; answers the transfer's id.
pub(super) async fn give(probe: &Probe, member: &Actor, points: i64) -> Result<String, Ended> {
    let call = grant(probe, member, &fresh_key(), points)?;
    call.purpose("a back end gives points").expect(201).await?.text_at("/id")
}

/// A transfer from one member to another.
pub(super) fn transfer(from: &Actor, to: &Actor, key: &str, points: i64) -> Call {
    let body = json!({ "to": to.member_id, "amount": points, "reason": "an attack of the gate" });
    from.post(TRANSFERS).header("idempotency-key", key).json(&body).patiently()
}

/// Whether an answer says that it is one of before.
pub(super) fn is_replayed(answer: &Answer) -> bool {
    answer.header(REPLAYED) == Some("true")
}

/// What a member has, after a look at the books: the statement's lines lead to it without a gap, and a back end sees the same.
pub(super) async fn balance(probe: &Probe, member: &Actor) -> Result<i64, Ended> {
    let wallet = member.get("/v1/wallet").purpose("what is there?").patiently().expect(200).await?;
    let by_service = format!("/v1/service/members/{}/wallet", member.member_id);
    let by_service = probe.service(Method::GET, &by_service)?.purpose("what does a back end see?");
    let by_service = by_service.patiently().expect(200).await?;
    ensure(wallet.json() == by_service.json(), || {
        format!("the member sees {}, and a back end {}", wallet.said(), by_service.said())
    })?;
    let number = |name: &str| {
        let number = wallet.json().get(name).and_then(Value::as_i64);
        number.ok_or_else(|| Ended::error(format!("the wallet has no {name}: {}", wallet.said())))
    };
    let balance = number("balance")?;
    let (available, held) = (number("available")?, number("held")?);
    ensure(balance >= 0 && available == balance - held, || {
        format!("a wallet has {balance} points, {held} of them held, and {available} to spend")
    })?;
    let found = sum(&lines(member).await?)?;
    ensure(found == balance, || format!("the balance is {balance}, and the statement comes to {found}"))?;
    Ok(balance)
}

/// Every line of a member's statement, oldest first.
pub(super) async fn lines(member: &Actor) -> Result<Vec<Value>, Ended> {
    let mut lines = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut path = format!("/v1/wallet/statement?limit={}", limits::STATEMENT_LINES);
        if let Some(cursor) = &cursor {
            path.push_str(&format!("&cursor={cursor}"));
        }
        let page = member.get(&path).purpose("reads the statement").patiently().expect(200).await?.json();
        lines.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
        cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            lines.reverse();
            return Ok(lines);
        }
    }
}

/// What lines of a statement come to; each must go on where the one before ended.
fn sum(lines: &[Value]) -> Result<i64, Ended> {
    let mut sum = 0;
    for (number, line) in (1..).zip(lines) {
        let of = |name: &str| line.get(name).and_then(Value::as_i64);
        sum += of("amount").ok_or_else(|| Ended::error(format!("a line has no amount: {line}")))?;
        ensure(of("sequence") == Some(number) && of("balance") == Some(sum), || {
            format!("line {number} of the statement should come to {sum}: {line}")
        })?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::sum;

    #[test]
    fn a_statement_with_a_gap_or_a_wrong_balance_does_not_add_up() {
        let line = |sequence: i64, amount: i64, balance: i64| json!({ "sequence": sequence, "amount": amount, "balance": balance });
        assert_eq!(sum(&[line(1, 10, 10), line(2, -3, 7)]).unwrap(), 7);
        assert!(sum(&[line(1, 10, 10), line(3, -3, 7)]).is_err());
        assert!(sum(&[line(1, 10, 10), line(2, -3, 8)]).is_err());
    }
}
