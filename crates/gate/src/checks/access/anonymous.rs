//! Function-level access: what needs somebody who is signed in says so to everybody else, token or none.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    openapi::Admits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.anonymous",
    title: "Every operation that needs a session is closed without one",
    promises: &["SEC-8", "IDN-2"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.1"),
        Reference::Asvs("8.3.1"),
        Reference::Cwe(306),
        Reference::Cwe(862),
        Reference::Api(5),
        Reference::Api(2),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("access_table"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const TOKENS: &[&str] = &[
    "Bearer x",
    "Bearer null",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "Bearer msk_00000000_0000000000000000000000000000000000000000000",
    "Basic YWRtaW46YWRtaW4=",
    "bearer",
    "",
];

async fn run(probe: Probe) -> Outcome {
    let mut closed = 0;
    for operation in probe.operations()? {
        let wanted = match operation.admits {
            Admits::Everybody | Admits::Anyone => continue,
            // Whoever has no token finds nothing there.
            Admits::Holder => 404,
            Admits::Member | Admits::Tenant(_) | Admits::Operator | Admits::Service => 401,
        };
        if operation.capability.as_deref().is_some_and(|name| probe.target.why_off(name).is_some()) {
            continue;
        }
        let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        // The sign-in routes have the smallest quota: each is asked from an address of its own.
        let client = if operation.class == "auth" { probe.another_client()? } else { probe.client.clone() };
        let call = || {
            let call = client.call(operation.method.clone(), &path).patiently();
            match &operation.body {
                Some(body) => call.json(body),
                None => call,
            }
        };
        let mut calls = vec![
            ("no session", call()),
            (
                "a made-up cookie",
                call()
                    .header("cookie", "mainstay_access=x; __Host-mainstay_access=x")
                    .header("origin", probe.target.origin()),
            ),
        ];
        calls.extend(TOKENS.iter().map(|token| (*token, call().header("authorization", token))));
        let most = if probe.is_scarce(&operation.class) { 2 } else { calls.len() };
        for (what, call) in calls.into_iter().take(most) {
            let answer = call.purpose(what).send().await?;
            ensure(answer.status == wanted, || {
                format!(
                    "{} with {what:?} answered {} where {wanted} was expected: {}",
                    operation.name(),
                    answer.status,
                    answer.said()
                )
            })?;
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            ensure(wanted != 401 || challenge.starts_with("Bearer"), || {
                format!("{}: 401 without WWW-Authenticate", operation.name())
            })?;
        }
        closed += 1;
    }
    passed(format!("{closed} operations, each with {} kinds of nothing", TOKENS.len() + 2))
}
