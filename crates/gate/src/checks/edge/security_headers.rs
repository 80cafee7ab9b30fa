//! The headers by which browsers protect a page, on every kind of answer: an error page is a page too.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

use super::{answers, rules};
pub(crate) static CHECK: Check = Check {
    id: "edge.security-headers",
    title: "Every kind of answer carries the security headers",
    promises: &["SEC-3", "T-OP-04"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("3.4.3"),
        Reference::Asvs("3.4.4"),
        Reference::Asvs("3.4.6"),
        Reference::Cwe(693),
        Reference::Cwe(1021),
        Reference::Api(8),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("security_headers"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let kinds = answers::every_kind(&probe).await?;
    for kind in &kinds {
        let faults = rules::faults(&kind.answer.headers);
        ensure(faults.is_empty(), || format!("{}: {}", kind.what, faults.join(", ")))?;
    }
    passed(format!("{} kinds of answers", kinds.len()))
}
