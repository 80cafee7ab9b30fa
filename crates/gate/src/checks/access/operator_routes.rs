//! Function-level access: operators' routes do not exist for members, whatever they own elsewhere (BFLA).

use serde_json::json;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::own_things::furnish,
    members::Actor,
    openapi::{Admits, Operation},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.operator-routes",
    title: "Operators' routes are not found by members",
    promises: &["SEC-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.1"),
        Reference::Asvs("8.3.1"),
        Reference::Asvs("8.4.2"),
        Reference::Cwe(285),
        Reference::Cwe(269),
        Reference::Api(5),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("operator_role"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (browser, bearer) = (probe.member().await?, probe.bearer_member().await?);
    // Owning a tenant makes nobody an operator.
    furnish(&browser).await?;
    let key = key_to_attack(&probe).await?;
    let judged = try_all(&probe, &[browser, bearer], key.as_ref()).await;
    let Some((operator, id)) = key else {
        probe.note("no operator could be made here, so ids that nobody has stood for operators' things");
        return passed(format!("{} attempts by members with cookies and with tokens", judged?));
    };
    let kept = operator
        .delete(&format!("/v1/operator/service-keys/{id}"))
        .purpose("the key is still there")
        .patiently();
    let kept = kept.send().await?;
    let tried = judged?;
    ensure(kept.status == 204, || {
        format!("refused, and yet a key is gone: its removal answered {}", kept.status)
    })?;
    passed(format!("{tried} attempts by members with cookies and with tokens; an operator's key stayed"))
}

/// Something of an operator's, where the gate can make one.
async fn key_to_attack(probe: &Probe) -> Result<Option<(Actor, String)>, Ended> {
    let operator = match probe.operator().await {
        Ok(operator) => operator,
        Err(Ended::Unanswerable(_)) => return Ok(None),
        Err(ended) => return Err(ended),
    };
    let made =
        operator.post("/v1/operator/service-keys").json(&json!({ "name": "gate", "scopes": ["audit:read"] }));
    let made = made.purpose("an operator makes a key").patiently().expect(201).await?;
    Ok(Some((operator, made.text_at("/service_key/id")?)))
}

async fn try_all(probe: &Probe, members: &[Actor], key: Option<&(Actor, String)>) -> Result<usize, Ended> {
    let mut tried = 0;
    // What is off tells everybody so.
    let is_on = |operation: &&Operation| {
        operation.capability.as_deref().is_none_or(|name| probe.target.why_off(name).is_none())
    };
    let operations = probe.operations()?;
    for operation in operations.iter().filter(|operation| operation.admits == Admits::Operator).filter(is_on)
    {
        let nobodys = || uuid::Uuid::new_v4().to_string();
        let path = operation.filled(|_| key.map_or_else(nobodys, |(_, id)| id.clone()));
        for member in members {
            for role in [None, Some("operator")] {
                let mut call = member.call(operation.method.clone(), &path).patiently();
                if let Some(role) = role {
                    call = call
                        .header("x-role", role)
                        .header("x-mainstay-role", role)
                        .header("x-user-role", role);
                }
                if let Some(body) = &operation.body {
                    call = call.json(body);
                }
                let answer = call.purpose("a member tries an operator's route").send().await?;
                ensure(answer.status == 404 && answer.code() == "not_found", || {
                    format!("{} by a member answered {} {}", operation.name(), answer.status, answer.said())
                })?;
                tried += 1;
            }
        }
    }
    ensure(tried > 0, || "the OpenAPI document has no operator's route".to_owned())?;
    Ok(tried)
}
