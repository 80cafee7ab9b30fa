//! Object-level access: another member's things do not exist for anybody else, whatever the verb, route or body (BOLA).

use reqwest::Method;
use serde_json::Value;

use super::resources::Resources;
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::own_things::Snapshot,
    client::Answer,
    members::Actor,
    openapi::{Admits, Operation},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.others-things",
    title: "Another member's things can be neither read nor changed by any route",
    promises: &["SEC-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.2"),
        Reference::Asvs("8.3.1"),
        Reference::Cwe(639),
        Reference::Cwe(863),
        Reference::Api(1),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("object_ownership"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (owner, stranger) = (probe.member().await?, probe.member().await?);
    let bearer = probe.bearer_member().await?;
    let things = Resources::make(&probe, &owner).await?;
    let outcome = attack(&probe, &owner, [&stranger, &bearer], &things).await;
    // Also when the check failed half way: no merchant stays in a list.
    things.put_away().await?;
    outcome
}

async fn attack(probe: &Probe, owner: &Actor, attackers: [&Actor; 2], things: &Resources) -> Outcome {
    let all = probe.operations()?;
    let unknown =
        all.iter().flat_map(|operation| operation.parameters.iter().map(move |name| (operation, name)));
    let unknown = unknown.filter(|(_, name)| things.id(name).is_none());
    let unknown =
        unknown.map(|(operation, name)| format!("{} has {{{name}}}", operation.name())).collect::<Vec<_>>();
    ensure(unknown.is_empty(), || {
        format!("a new route without a row in the gate's table of things: {}", unknown.join(", "))
    })?;

    let is_on = |operation: &&Operation| {
        operation.capability.as_deref().is_none_or(|name| probe.target.why_off(name).is_none())
    };
    let own = |operation: &&Operation| {
        !operation.parameters.is_empty() && matches!(operation.admits, Admits::Member | Admits::Tenant(_))
    };
    let targets = all.iter().filter(own).filter(is_on).collect::<Vec<_>>();
    let before = Snapshot::take(owner, &all).await?;
    for operation in &targets {
        let path = operation.filled(|name| things.id(name).unwrap_or_default().to_owned());
        if operation.method == Method::GET && operation.parameters.iter().all(|name| things.is_real(name)) {
            owner.get(&path).purpose("the owner reads it").patiently().expect(200).await?;
        }
        let nobodys = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        for who in attackers {
            let call = |path: &str| {
                let call = who.call(operation.method.clone(), path).patiently();
                match &operation.body {
                    Some(body) => call.json(body),
                    None => call,
                }
            };
            let answer = call(&path).purpose("another member tries it").send().await?;
            ensure(answer.status == 404, || {
                format!("{} of another member answered {} {}", operation.name(), answer.status, answer.said())
            })?;
            // That it exists must not show either.
            let missing = call(&nobodys).purpose("what nobody has").send().await?;
            ensure(told(&answer) == told(&missing), || {
                format!(
                    "{}: what another has is told apart from what nobody has: {} / {}",
                    operation.name(),
                    answer.said(),
                    missing.said()
                )
            })?;
        }
        let anonymous = probe.client.call(operation.method.clone(), &path).patiently();
        let anonymous = anonymous.purpose("a stranger tries it").send().await?;
        ensure(anonymous.status == 401, || {
            format!("{} without a session answered {}", operation.name(), anonymous.status)
        })?;
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if all.iter().any(|other| other.path == operation.path && other.method == method) {
                continue;
            }
            let answer =
                attackers[0].call(method.clone(), &path).json(&operation.body).patiently().send().await?;
            ensure(answer.status == 405, || {
                format!("{method} {} answered {}", operation.path, answer.status)
            })?;
        }
    }
    let after = Snapshot::take(owner, &all).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("refused, and yet {}", changed.unwrap_or_default()))?;
    for name in &things.stand_ins {
        probe.note(format!("{name}: can't be made from outside here; an id that nobody has stood for it"));
    }
    passed(format!("{} operations by two members and a stranger; nothing changed", targets.len()))
}

/// All that an answer tells, apart from its own name.
fn told(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    (answer.status, body)
}
