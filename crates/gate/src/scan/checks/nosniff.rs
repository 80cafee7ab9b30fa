//! Without `nosniff` a browser guesses what an answer is, and may run what somebody uploaded.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::surface,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.nosniff",
    title: "Browsers are told not to guess content types",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("3.4.4"), Reference::Cwe(693), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("nosniff"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let seen = surface::answers(&probe).await?;
    for seen in &seen {
        let value = seen.answer.header("x-content-type-options").unwrap_or_default();
        ensure(value.eq_ignore_ascii_case("nosniff"), || {
            format!("{} answers without `X-Content-Type-Options: nosniff`", seen.what)
        })?;
    }
    passed(format!("{} kinds of answers say nosniff", seen.len()))
}
