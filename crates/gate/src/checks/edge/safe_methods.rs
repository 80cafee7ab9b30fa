//! A link, an image or a prefetch must change nothing: GET and HEAD only read, whatever is in the query (RFC 9110, 9.2.1).

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::own_things::{Snapshot, furnish, own_path},
    probe::Probe,
};
use reqwest::Method;

pub(crate) static CHECK: Check = Check {
    id: "edge.safe-methods",
    title: "GET and HEAD change nothing",
    promises: &["SEC-2", "T-OP-07"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.5.3"), Reference::Cwe(650), Reference::Cwe(352)],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("safe_methods"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const QUERY: &str = "?text=changed&pinned=true&display_name=changed&name=changed&language=es&role=owner&delete=true&action=delete";

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    furnish(&member).await?;
    probe.again(&member).await?;
    let operations = probe.operations()?;
    let before = Snapshot::take(&member, &operations).await?;
    let (mut reads, mut others) = (0, 0);
    let mut paths = std::collections::BTreeSet::new();
    for operation in &operations {
        let path = own_path(&member, operation).await?;
        if operation.method == Method::GET {
            if probe.is_scarce(&operation.class) {
                probe.note(format!(
                    "{} is left out: its quota is too small from one address",
                    operation.name()
                ));
                continue;
            }
            reads += 1;
            for address in [path.clone(), format!("{path}{QUERY}")] {
                for method in [Method::GET, Method::HEAD] {
                    let read = member
                        .client()
                        .call(method, &address)
                        .jar(&member.jar.copy())
                        .patiently()
                        .send()
                        .await?;
                    ensure(read.status < 500 || read.status == 503, || {
                        format!("GET {address} answered {}", read.status)
                    })?;
                }
            }
        } else if paths.insert(path.clone())
            && !operations.iter().any(|other| other.path == operation.path && other.method == Method::GET)
        {
            others += 1;
            let read = member
                .client()
                .get(&format!("{path}{QUERY}"))
                .jar(&member.jar.copy())
                .patiently()
                .send()
                .await?;
            ensure(read.status == 405, || {
                format!("GET {path}, which only writes, answered {}", read.status)
            })?;
        }
    }
    let after = Snapshot::take(&member, &operations).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("reading changed something: {}", changed.unwrap_or_default()))?;
    passed(format!("{reads} reads, and GET at {others} paths that only write; nothing changed"))
}
