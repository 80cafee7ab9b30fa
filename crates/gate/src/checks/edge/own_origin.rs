//! Our own pages may read answers with cookies: exactly this origin, never a wildcard, and caches are told (Fetch standard, 3.2).

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

use reqwest::Method;
pub(crate) static CHECK: Check = Check {
    id: "edge.own-origin",
    title: "Our own origin is allowed exactly, with credentials, and never by a wildcard",
    promises: &["SEC-1", "T-OP-05"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.4.2"), Reference::Cwe(942), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::SetHeader("access-control-allow-origin", "*")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let own = probe.target.origin();
    let calls = [
        ("an answer", probe.client.get("/v1/config")),
        ("a refusal", probe.client.get("/v1/auth/me")),
        ("nothing", probe.client.get("/v1/nothing-is-here")),
        (
            "a preflight",
            probe
                .client
                .call(Method::OPTIONS, "/v1/auth/refresh")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type,x-csrf-token"),
        ),
    ];
    for (what, call) in calls {
        let answer = call.header("origin", &own).patiently().send().await?;
        let allowed = answer.all("access-control-allow-origin");
        ensure(allowed == [own.as_str()], || {
            format!("{what}: access-control-allow-origin is {allowed:?}, not {own}")
        })?;
        let credentials = answer.header("access-control-allow-credentials");
        ensure(credentials == Some("true"), || {
            format!("{what}: access-control-allow-credentials is {credentials:?}")
        })?;
        let varies = answer.all("vary").iter().any(|value| value.to_ascii_lowercase().contains("origin"));
        ensure(varies, || format!("{what} does not say `Vary: Origin`"))?;
        for list in
            ["access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers"]
        {
            let said = answer.header(list).unwrap_or_default();
            ensure(!said.contains('*'), || format!("{what}: {list}: {said}"))?;
        }
    }
    passed("on an answer, a refusal, an unknown path and a preflight")
}
