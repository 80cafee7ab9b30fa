//! Forms of other sites can send text, fields and files without asking first; none of that is taken for JSON (ASVS 3.5.2).

use super::writes;
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::own_things::{Snapshot, furnish},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.simple-requests",
    title: "What a foreign form can send changes nothing",
    promises: &["SEC-2", "T-OP-06"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("3.5.1"),
        Reference::Asvs("3.5.2"),
        Reference::Cwe(352),
        Reference::Cwe(436),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("content_type"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    furnish(&member).await?;
    let operations = probe.operations()?;
    let writes = writes::of(&probe, &member, &operations).await?;
    let before = Snapshot::take(&member, &operations).await?;
    let kinds = [
        "text/plain",
        "text/plain; charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ];
    let with_body = writes.iter().filter(|write| write.body.is_some()).collect::<Vec<_>>();
    for write in &with_body {
        let json = write.body.as_ref().map(ToString::to_string).unwrap_or_default();
        for kind in kinds {
            // As a form of another site comes: the cookie, its origin, no token.
            let forged =
                write.call(&member).without("origin").without("sec-fetch-site").without("x-csrf-token");
            let forged = forged.body(kind, json.clone()).header("origin", "https://evil.example");
            let answer =
                forged.header("sec-fetch-site", "cross-site").purpose("a foreign form").send().await?;
            ensure(answer.status == 403, || {
                format!(
                    "{} as a foreign form of {kind:?} answered {} {}",
                    write.name,
                    answer.status,
                    answer.said()
                )
            })?;
            // And even with all else right, such a body is not read as JSON.
            let answer =
                write.call(&member).body(kind, json.clone()).purpose("a form's kind of body").send().await?;
            ensure(answer.status == 415, || {
                format!("{} takes {kind:?} for JSON: {} {}", write.name, answer.status, answer.said())
            })?;
        }
    }
    let after = Snapshot::take(&member, &operations).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("refused, and yet {}", changed.unwrap_or_default()))?;
    passed(format!("{} writes, each as {} kinds of forms; nothing changed", with_body.len(), kinds.len()))
}
