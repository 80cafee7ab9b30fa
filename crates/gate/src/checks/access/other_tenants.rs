//! Tenants are walls: an owner of one is nobody in another, whichever ids are put together in a path.

use reqwest::Method;
use serde_json::json;

use super::resources::create;
use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::own_things::Snapshot,
    openapi::Admits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.other-tenants",
    title: "A tenant does not exist for members of other tenants",
    promises: &["IDN-9", "SEC-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.4.1"),
        Reference::Asvs("8.2.2"),
        Reference::Cwe(639),
        Reference::Cwe(668),
        Reference::Api(1),
    ],
    needs: &[Need::Members, Need::Capability("tenants")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("tenant_membership"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (owner, neighbour) = (probe.member().await?, probe.member().await?);
    let theirs = create(&owner, "/v1/tenants", json!({ "name": "theirs" })).await?;
    let ours = create(&neighbour, "/v1/tenants", json!({ "name": "ours" })).await?;
    let (Some(theirs), Some(ours)) = (theirs, ours) else {
        return Err(Ended::error("the tenants could not be made"));
    };
    let operations = probe.operations()?;
    let before = Snapshot::take(&owner, &operations).await?;
    let mut tried = 0;
    for operation in operations.iter().filter(|operation| matches!(operation.admits, Admits::Tenant(_))) {
        let bodies = [
            operation.body.clone(),
            operation.body.as_ref().map(|_| json!({ "member_id": neighbour.member_id, "role": "owner" })),
        ];
        // Their tenant with either member, and our own tenant with theirs.
        let mut pairs = vec![(&theirs, &owner.member_id), (&theirs, &neighbour.member_id)];
        if operation.parameters.iter().any(|name| name == "member_id") {
            pairs.push((&ours, &owner.member_id));
        }
        for (tenant, member) in pairs {
            let path =
                operation.filled(|name| if name == "tenant_id" { tenant.clone() } else { member.clone() });
            for body in &bodies {
                let call =
                    neighbour.call(operation.method.clone(), &path).header("x-tenant-id", &ours).patiently();
                let call = match body {
                    Some(body) => call.json(body),
                    None => call,
                };
                let answer = call.purpose("an owner of another tenant").send().await?;
                ensure(answer.status == 404, || {
                    format!("{} answered {} {}", operation.name(), answer.status, answer.said())
                })?;
                tried += 1;
            }
        }
    }
    let listed = neighbour.get("/v1/tenants").expect(200).await?.body_text();
    ensure(!listed.contains(theirs.as_str()), || "the other tenant stands in the list".to_owned())?;
    let query =
        neighbour.call(Method::GET, &format!("/v1/tenants?tenant_id={theirs}&member_id={}", owner.member_id));
    let listed = query.patiently().send().await?.body_text();
    ensure(!listed.contains(theirs.as_str()), || "the other tenant is listed by query".to_owned())?;
    let after = Snapshot::take(&owner, &operations).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("refused, and yet {}", changed.unwrap_or_default()))?;
    passed(format!("{tried} attempts by an owner of another tenant; nothing changed"))
}
