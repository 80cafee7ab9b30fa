//! Strict transport security on every answer: the first one that a browser sees may be an error.

use crate::{
    check::{
        Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed,
    },
    probe::Probe,
};

use super::{answers, rules};
pub(crate) static CHECK: Check = Check {
    id: "edge.transport-security",
    title: "Every kind of answer tells browsers to stay on TLS for a year",
    promises: &["SEC-3", "T-OP-04"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.4.1"), Reference::Cwe(319), Reference::Cwe(523), Reference::Api(8)],
    needs: &[Need::Strict],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::RemoveHeader("strict-transport-security")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let kinds = answers::every_kind(&probe).await?;
    for kind in &kinds {
        let faults = rules::hsts_faults(&kind.answer.headers);
        ensure(faults.is_empty(), || format!("{}: {}", kind.what, faults.join(", ")))?;
    }
    passed(format!("{} kinds of answers", kinds.len()))
}
