//! What a member has, read back through the interface: made before an attack, and compared after it.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    check::Ended,
    members::Actor,
    openapi::{Admits, Operation},
};

/// Fields that change by looking.
const VOLATILE: &[&str] =
    &["at", "last_seen_at", "last_used_at", "age_ms", "csrf_token", "recent", "request_id"];

/// Members read these, and they are nobody's own: operators change them, also those of checks that run at the same time.
const EVERYBODYS: &[&str] = &["/v1/wallet/offers"];

/// Gives a member a note and a tenant, as far as the deployment has such things.
pub(super) async fn furnish(member: &Actor) -> Result<(), Ended> {
    for (path, body) in [
        ("/v1/notes", json!({ "text": "a note of the gate", "tags": ["gate"] })),
        ("/v1/tenants", json!({ "name": "a tenant of the gate" })),
    ] {
        let answer =
            member.post(path).purpose("makes something to attack").json(&body).patiently().send().await?;
        if !matches!(answer.status, 201 | 404 | 503) {
            return Err(Ended::error(format!("POST {path} answered {}: {}", answer.status, answer.said())));
        }
    }
    Ok(())
}

/// The path of an operation with the member's own ids in it; where there is nothing of that kind, an id that nobody has.
pub(super) async fn own_path(member: &Actor, operation: &Operation) -> Result<String, Ended> {
    let mut path = operation.path.clone();
    for name in &operation.parameters {
        let slot = format!("{{{name}}}");
        let list = path.split(&slot).next().unwrap_or_default().trim_end_matches('/').to_owned();
        let listed =
            member.get(&list).purpose("looks for an own id").only_counted().patiently().send().await?;
        let body = listed.json();
        let first = body.pointer("/items/0").filter(|_| listed.status == 200);
        let id = first.and_then(|item| item.get(name).or_else(|| item.get("id"))).and_then(Value::as_str);
        path = path.replace(&slot, &id.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned));
    }
    Ok(path)
}

/// All that a member can read of their own, by path.
pub(super) struct Snapshot(BTreeMap<String, Value>);

impl Snapshot {
    /// Reads it.
    pub(super) async fn take(member: &Actor, operations: &[Operation]) -> Result<Self, Ended> {
        let mut seen = BTreeMap::new();
        let reads = operations.iter().filter(|operation| {
            operation.method == Method::GET
                && matches!(operation.admits, Admits::Member | Admits::Tenant(_))
                && is_own(&operation.path)
        });
        for operation in reads {
            let path = own_path(member, operation).await?;
            // What there is none of has no path of its own.
            let answer =
                member.get(&path).purpose("reads the state back").only_counted().patiently().send().await?;
            let mut body = if answer.status == 200 { answer.json() } else { Value::Null };
            settle(&mut body);
            if !body.is_null() {
                seen.insert(path, body);
            }
        }
        if seen.is_empty() {
            return Err(Ended::error("the member can read nothing of their own"));
        }
        Ok(Self(seen))
    }

    /// The first thing that is not as it was.
    pub(super) fn difference(&self, after: &Self) -> Option<String> {
        let paths = self.0.keys().chain(after.0.keys());
        paths.into_iter().find_map(|path| {
            let (before, now) = (self.0.get(path), after.0.get(path));
            (before != now).then(|| {
                let text =
                    |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                format!("{path} was {} and is {}", text(before), text(now))
            })
        })
    }
}

/// Whether a path leads to what is a member's own.
fn is_own(path: &str) -> bool {
    !EVERYBODYS
        .iter()
        .any(|list| path == *list || path.strip_prefix(list).is_some_and(|rest| rest.starts_with('/')))
}

fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !VOLATILE.contains(&name.as_str()));
            fields.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(body: Value) -> Snapshot {
        let mut body = body;
        settle(&mut body);
        Snapshot([("/v1/x".to_owned(), body)].into())
    }

    #[test]
    fn what_is_everybodys_is_not_ones_own() {
        assert!(
            is_own("/v1/wallet") && is_own("/v1/wallet/redemptions") && is_own("/v1/wallet/offers-of-mine")
        );
        assert!(!is_own("/v1/wallet/offers") && !is_own("/v1/wallet/offers/{offer_id}"));
    }

    #[test]
    fn what_changed_is_found_and_what_changes_by_looking_is_not() {
        let before = snapshot(json!({ "items": [{ "id": 1, "last_seen_at": "a" }] }));
        assert_eq!(
            before.difference(&snapshot(json!({ "items": [{ "id": 1, "last_seen_at": "b" }] }))),
            None
        );
        let found = before.difference(&snapshot(json!({ "items": [{ "id": 2 }] })));
        assert!(found.is_some_and(|text| text.contains("/v1/x")));
        assert!(before.difference(&Snapshot(BTreeMap::new())).is_some());
    }
}
