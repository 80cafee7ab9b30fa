//! A page that others may frame can be clicked by somebody who sees something else.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::surface,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.framing",
    title: "Pages of other sites cannot frame the service's own",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("3.4.6"), Reference::Cwe(1021), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("framing"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let pages = surface::pages(&probe).await?;
    for page in &pages {
        let policies = page.answer.all("content-security-policy").join(", ").to_ascii_lowercase();
        let old = page.answer.header("x-frame-options").unwrap_or_default().trim().to_ascii_uppercase();
        let is_refused = policies.contains("frame-ancestors") || old == "DENY" || old == "SAMEORIGIN";
        ensure(is_refused, || {
            format!("{} may be framed: neither `frame-ancestors` in a CSP nor `X-Frame-Options`", page.what)
        })?;
        if !policies.contains("frame-ancestors") {
            probe.note(format!("{} has only the obsolete `X-Frame-Options`", page.what));
        }
    }
    passed(format!("{} pages refuse to be framed", pages.len()))
}
