//! The description says of every operation who may call it, and what is open to everybody is known by name.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    openapi::Admits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.described",
    title: "Every operation says who may call it, and no write is open unawares",
    promises: &["SEC-8"],
    priority: Priority::P1,
    references: &[Reference::Asvs("8.1.1"), Reference::Asvs("8.2.1"), Reference::Cwe(306), Reference::Api(9)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::InBody(
        "\"security\":[{\"session_cookie\":[]},{\"bearer\":[]}]",
        "\"security\":[]",
    )),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Where strangers write: signing in, and what other systems deliver under a signature.
const OPEN: &[&str] = &["/v1/auth/", "/v1/webhooks/"];

async fn run(probe: Probe) -> Outcome {
    let served = probe.client.get("/v1/openapi.json").patiently().expect(200).await?.json();
    let operations = crate::openapi::operations(&served);
    ensure(!operations.is_empty(), || "the OpenAPI document has no operations".to_owned())?;
    for operation in &operations {
        let item =
            served.pointer(&format!("/paths/{}", operation.path.replace('~', "~0").replace('/', "~1")));
        let own = item.and_then(|item| item.get(operation.method.as_str().to_ascii_lowercase()));
        let says = own
            .is_some_and(|own| own.get("security").is_some() && own.pointer("/x-mainstay/access").is_some());
        ensure(says, || format!("{} does not say who may call it", operation.name()))?;
        let is_open = matches!(operation.admits, Admits::Everybody | Admits::Anyone);
        let is_known = operation.method == reqwest::Method::GET
            || OPEN.iter().any(|start| operation.path.starts_with(start));
        ensure(!is_open || is_known, || format!("{} is open to everybody", operation.name()))?;
        let is_own =
            ["/v1/me", "/v1/operator/", "/v1/service/"].iter().any(|start| operation.path.starts_with(start));
        ensure(!is_open || !is_own, || format!("{} is open to everybody", operation.name()))?;
    }
    passed(format!("{} operations", operations.len()))
}
