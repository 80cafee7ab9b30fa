//! Cross-site request forgery: a browser must vouch for the page, whatever token the request carries (SEC-2).

use super::writes;
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::own_things::{Snapshot, furnish},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.csrf-origin",
    title: "A write with a cookie must come from one of our own pages",
    promises: &["SEC-2", "T-OP-06"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("3.5.1"),
        Reference::Asvs("3.5.2"),
        Reference::Cwe(352),
        Reference::Cwe(346),
        Reference::Api(8),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("csrf_origin"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    furnish(&member).await?;
    let operations = probe.operations()?;
    let writes = writes::of(&probe, &member, &operations).await?;
    let before = Snapshot::take(&member, &operations).await?;
    let own = probe.target.origin();
    let shapes: [(&str, Option<String>, Option<&str>); 8] = [
        ("a foreign origin", Some("https://evil.example".to_owned()), Some("cross-site")),
        (
            "a foreign origin that claims to be the same",
            Some("https://evil.example".to_owned()),
            Some("same-origin"),
        ),
        ("the origin `null`", Some("null".to_owned()), None),
        ("an origin that begins like ours", Some(format!("{own}.evil.example")), None),
        ("our origin with a path", Some(format!("{own}/")), None),
        ("no header at all", None, None),
        ("no origin, from another site", None, Some("cross-site")),
        ("no origin, from a sister site", None, Some("same-site")),
    ];
    for write in &writes {
        for (what, origin, site) in &shapes {
            let mut call = write.call(&member).without("origin").without("sec-fetch-site").purpose(*what);
            if let Some(origin) = origin {
                call = call.header("origin", origin);
            }
            if let Some(site) = site {
                call = call.header("sec-fetch-site", site);
            }
            let answer = call.send().await?;
            ensure(answer.status == 403 && answer.code() == "origin_refused", || {
                format!(
                    "{} with {what} and the right token answered {} {}",
                    write.name,
                    answer.status,
                    answer.said()
                )
            })?;
        }
    }
    let refreshed =
        member.post("/v1/auth/refresh").without("origin").without("sec-fetch-site").send().await?;
    ensure(refreshed.status == 403, || format!("a refresh without a page answered {}", refreshed.status))?;
    let ended = member
        .post("/v1/auth/logout")
        .without("origin")
        .header("origin", "https://evil.example")
        .send()
        .await?;
    ensure(ended.status == 403, || format!("a log-out from a foreign page answered {}", ended.status))?;
    let after = Snapshot::take(&member, &operations).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("refused, and yet {}", changed.unwrap_or_default()))?;
    passed(format!("{} writes, each from {} wrong places; nothing changed", writes.len(), shapes.len()))
}
