//! Fields that a body should not have do nothing: no role, owner, address or id is taken from a client (mass assignment).

use serde_json::{Map, Value, json};

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::own_things::{Snapshot, furnish, own_path},
    members::Actor,
    openapi::Operation,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.extra-fields",
    title: "Fields that nobody asked for have no effect",
    promises: &["SEC-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("15.3.3"),
        Reference::Asvs("8.2.3"),
        Reference::Cwe(915),
        Reference::Api(3),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("mass_assignment"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (victim, attacker) = (probe.member().await?, probe.member().await?);
    furnish(&victim).await?;
    furnish(&attacker).await?;
    let operations = probe.operations()?;
    let (before, me) = (Snapshot::take(&victim, &operations).await?, own(&attacker).await?);
    let mut sent = 0;
    for operation in operations.iter().filter(|operation| worth_trying(&probe, operation)) {
        let Some(Value::Object(example)) = &operation.body else { continue };
        let path = own_path(&attacker, operation).await?;
        for nested in [false, true] {
            let mut body = example.clone();
            let extra = extra(&victim, example);
            if nested {
                for name in ["data", "attributes", "member", "user"] {
                    body.insert(name.to_owned(), Value::Object(extra.clone()));
                }
            } else {
                body.extend(extra);
            }
            let call = attacker.call(operation.method.clone(), &path).json(&Value::Object(body)).patiently();
            let answer = call.purpose("fields that nobody asked for").send().await?;
            ensure(answer.status < 500, || {
                format!("{} answered {} {}", operation.name(), answer.status, answer.said())
            })?;
            let made = answer.json();
            for (field, value) in
                [("member_id", &victim.member_id), ("owner_id", &victim.member_id), ("id", &victim.member_id)]
            {
                let taken = made.get(field).and_then(Value::as_str) == Some(value);
                ensure(!taken, || {
                    format!("{} took {field} from the body: {}", operation.name(), answer.said())
                })?;
            }
            sent += 1;
        }
    }
    let after = own(&attacker).await?;
    for field in ["id", "role", "email", "identities", "passkeys", "created_at"] {
        ensure(me.get(field) == after.get(field), || {
            format!("the attacker's own {field} was {:?} and is {:?}", me.get(field), after.get(field))
        })?;
    }
    let changed = before.difference(&Snapshot::take(&victim, &operations).await?);
    ensure(changed.is_none(), || {
        format!("another member's things changed: {}", changed.unwrap_or_default())
    })?;
    let tenants = after.get("tenants").and_then(Value::as_array).into_iter().flatten();
    let foreign =
        tenants.filter(|tenant| tenant.get("role").and_then(Value::as_str) != Some("owner")).count();
    ensure(foreign == 0, || "a body's role was taken for the attacker's own".to_owned())?;
    passed(format!("{sent} writes with fields that nobody asked for"))
}

/// Writes by which an attacker might become somebody else; not those that end the attack.
fn worth_trying(probe: &Probe, operation: &Operation) -> bool {
    let is_on = operation.capability.as_deref().is_none_or(|name| probe.target.why_off(name).is_none());
    let is_mail = operation.path.contains("/email/");
    operation.needs_session()
        && is_on
        && !is_mail
        && operation.parameters.iter().all(|name| name != "member_id")
}

async fn own(member: &Actor) -> Result<Value, Ended> {
    Ok(member.get("/v1/auth/me").purpose("who am I?").patiently().expect(200).await?.json())
}

/// What would be worth having, apart from what the operation itself takes.
fn extra(victim: &Actor, example: &Map<String, Value>) -> Map<String, Value> {
    let wishes = json!({
        "id": victim.member_id, "member_id": victim.member_id, "owner_id": victim.member_id, "user_id": victim.member_id,
        "tenant_id": uuid::Uuid::new_v4(), "role": "operator", "roles": ["operator"], "is_admin": true, "status": "active",
        "email": "gate-extra@example.com", "email_verified": true, "email_verified_at": "2020-01-01T00:00:00Z",
        "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z", "balance": 1_000_000, "scopes": ["members:read"],
        "session_id": uuid::Uuid::new_v4(), "signed_in_at": "2099-01-01T00:00:00Z", "__proto__": { "role": "operator" },
    });
    let wishes = wishes.as_object().cloned().unwrap_or_default();
    wishes.into_iter().filter(|(name, _)| !example.contains_key(name)).collect()
}
