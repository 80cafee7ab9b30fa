//! Without a referrer policy, other sites learn the addresses of pages, and what stands in them.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::surface,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.referrer-policy",
    title: "Other sites do not learn which page somebody comes from",
    promises: &["GAT-4"],
    priority: Priority::P2,
    references: &[Reference::Asvs("3.4.5"), Reference::Cwe(200), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("referrer-policy"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Policies that give whole addresses to other sites.
const LEAKY: &[&str] = &["unsafe-url", "no-referrer-when-downgrade"];

async fn run(probe: Probe) -> Outcome {
    let pages = surface::pages(&probe).await?;
    for page in &pages {
        let header = page.answer.header("referrer-policy").unwrap_or_default().to_ascii_lowercase();
        let has_meta = page.answer.body_text().to_ascii_lowercase().contains("name=\"referrer\"");
        ensure(!header.is_empty() || has_meta, || format!("{} sets no Referrer-Policy", page.what))?;
        // The last one that a browser knows is the one that holds.
        let last = header.rsplit(',').next().unwrap_or_default().trim();
        ensure(!LEAKY.contains(&last), || format!("{}: {last} gives whole addresses to others", page.what))?;
    }
    passed(format!("{} pages keep their addresses to themselves", pages.len()))
}
