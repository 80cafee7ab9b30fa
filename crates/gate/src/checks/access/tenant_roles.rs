//! Roles in a tenant: each operation from its described role on, nobody above their own (vertical access within a tenant).

use reqwest::Method;
use serde_json::json;

use super::resources::create;
use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    members::Actor,
    openapi::Admits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.tenant-roles",
    title: "In a tenant nobody does more than their role allows",
    promises: &["IDN-9", "SEC-8"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.1"),
        Reference::Asvs("8.2.3"),
        Reference::Asvs("8.4.1"),
        Reference::Cwe(269),
        Reference::Cwe(863),
        Reference::Api(5),
        Reference::Api(3),
    ],
    needs: &[Need::Members, Need::Capability("tenants")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("tenant_role"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let (owner, admin, member, other) =
        (probe.member().await?, probe.member().await?, probe.member().await?, probe.member().await?);
    let Some(tenant) = create(&owner, "/v1/tenants", json!({ "name": "roles" })).await? else {
        return Err(Ended::error("the tenant could not be made"));
    };
    let places = format!("/v1/tenants/{tenant}/members");
    for (whom, role) in [(&admin, "admin"), (&member, "member")] {
        owner
            .post(&places)
            .json(&json!({ "member_id": whom.member_id, "role": role }))
            .patiently()
            .expect(201)
            .await?;
    }
    let place = |whom: &Actor| format!("{places}/{}", whom.member_id);
    let before = owner.get(&places).expect(200).await?.json();
    let (post, put, delete) = (Method::POST, Method::PUT, Method::DELETE);
    let add = |role: &str| json!({ "member_id": other.member_id, "role": role });
    let to = |role: &str| json!({ "role": role });
    let attempts = [
        ("a member adds somebody", &member, &post, places.clone(), add("member")),
        ("a member makes themselves admin", &member, &put, place(&member), to("admin")),
        ("a member makes themselves owner", &member, &put, place(&member), to("owner")),
        ("a member demotes an admin", &member, &put, place(&admin), to("member")),
        ("a member removes an admin", &member, &delete, place(&admin), json!(null)),
        ("a member removes the owner", &member, &delete, place(&owner), json!(null)),
        ("an admin adds an owner", &admin, &post, places.clone(), add("owner")),
        ("an admin makes themselves owner", &admin, &put, place(&admin), to("owner")),
        ("an admin makes a member owner", &admin, &put, place(&member), to("owner")),
        ("an admin demotes the owner", &admin, &put, place(&owner), to("member")),
        ("an admin removes the owner", &admin, &delete, place(&owner), json!(null)),
    ];
    for (what, who, method, path, body) in &attempts {
        let call = who.call((*method).clone(), path).purpose(*what).patiently();
        let call = if body.is_null() { call } else { call.json(body) };
        let answer = call.send().await?;
        ensure(answer.status == 403, || {
            format!("{what}: {method} answered {} {}", answer.status, answer.said())
        })?;
    }
    let lone = owner.delete(&place(&owner)).purpose("the last owner leaves").patiently().send().await?;
    ensure(lone.status == 409, || format!("the last owner leaving answered {}", lone.status))?;
    let odd = owner.call(put.clone(), &place(&member)).json(&to("superuser")).patiently().send().await?;
    ensure(odd.status == 422, || format!("a role that there is not answered {}", odd.status))?;
    let after = owner.get(&places).expect(200).await?.json();
    ensure(before == after, || format!("refused, and yet the members changed: {before} to {after}"))?;

    // Each described role opens its operations, so that the refusals above mean something.
    let mut opened = 0;
    for operation in probe.operations()? {
        let Admits::Tenant(role) = &operation.admits else { continue };
        if operation.method != Method::GET {
            continue;
        }
        let who = if role == "member" { &member } else { &admin };
        who.get(&operation.filled(|_| tenant.clone()))
            .purpose("the described role reads")
            .patiently()
            .expect(200)
            .await?;
        opened += 1;
    }
    passed(format!("{} attempts above one's role; {opened} reads within it", attempts.len() + 2))
}
