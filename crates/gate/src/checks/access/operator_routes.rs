//! Function-level access: operators' routes do not exist for members, whatever they own elsewhere (BFLA).

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::own_things::furnish,
    openapi::Admits,
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
    let mut seen = 0;
    for operation in probe.operations()?.iter().filter(|operation| operation.admits == Admits::Operator) {
        let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        for member in [&browser, &bearer] {
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
                seen += 1;
            }
        }
    }
    ensure(seen > 0, || "the OpenAPI document has no operator's route".to_owned())?;
    passed(format!("{seen} attempts by members with cookies and with tokens"))
}
