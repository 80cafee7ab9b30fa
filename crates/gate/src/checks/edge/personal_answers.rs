//! What is about a member is kept by no cache: neither the browser's on a shared machine nor anybody's in between.

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

use crate::openapi::Admits;
pub(crate) static CHECK: Check = Check {
    id: "edge.personal-answers",
    title: "Personal answers are stored nowhere",
    promises: &["SEC-3"],
    priority: Priority::P0,
    references: &[Reference::Asvs("14.3.2"), Reference::Cwe(525), Reference::Cwe(524)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("no_store"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    member.post("/v1/notes").json(&serde_json::json!({ "text": "personal" })).patiently().send().await?;
    let operations = probe.operations()?;
    let reads = operations.iter().filter(|operation| {
        operation.method == reqwest::Method::GET
            && (operation.needs_session() || operation.admits == Admits::Anyone)
    });
    let mut seen = 0;
    for operation in reads {
        let path = operation.filled(|_| uuid::Uuid::new_v4().to_string());
        let answer = member.get(&path).patiently().send().await?;
        stored_nowhere(&operation.name(), &answer)?;
        seen += 1;
    }
    let refreshed = member.refresh().await?;
    stored_nowhere("a refresh", &refreshed)?;
    let again = probe.again(&member).await?;
    let me = again.get("/v1/auth/me").expect(200).await?;
    stored_nowhere("the member's own page", &me)?;
    passed(format!("{seen} personal reads, refused ones too, and a refresh"))
}

fn stored_nowhere(what: &str, answer: &crate::client::Answer) -> Result<(), crate::check::Ended> {
    let said = answer.header("cache-control").unwrap_or_default().to_ascii_lowercase();
    ensure(said.split(',').any(|word| word.trim() == "no-store"), || {
        format!("{what} ({}) may be stored: cache-control: {said:?}", answer.status)
    })
}
