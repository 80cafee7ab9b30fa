//! A path takes the methods that its description names and no other; `Allow` says which (RFC 9110, 15.5.6).

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{
        Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed,
    },
    probe::Probe,
};
use reqwest::Method;

pub(crate) static CHECK: Check = Check {
    id: "edge.methods",
    title: "Every other method is refused with 405 and the right Allow",
    promises: &["SEC-8", "SEC-9"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("4.1.4"),
        Reference::Asvs("13.4.4"),
        Reference::Cwe(650),
        Reference::Cwe(749),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::RemoveHeader("allow")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let id = uuid::Uuid::new_v4().to_string();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in probe.operations()? {
        let methods = known.entry(operation.filled(|_| id.clone())).or_default();
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert("HEAD".to_owned());
        }
    }
    let mut refused = 0;
    for (path, methods) in &known {
        for name in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GATE", "get"] {
            if methods.contains(name) {
                continue;
            }
            let method =
                Method::from_bytes(name.as_bytes()).map_err(|error| Ended::error(error.to_string()))?;
            let answer = probe.client.call(method, path).patiently().send().await?;
            // The server itself never says what it is; who does so stands in front of it.
            let has_front = answer.header("server").is_some();
            // Methods are case-sensitive (RFC 9110, 9.1): a proxy may take a small one for no HTTP at all.
            if name == "get" && answer.status == 400 && has_front {
                refused += 1;
                continue;
            }
            ensure(answer.status == 405, || format!("{name} {path} answered {}", answer.status))?;
            // What stands in front may refuse to trace by itself, and does not know what else the path takes.
            if name == "TRACE" && answer.header("allow").is_none() && has_front {
                refused += 1;
                continue;
            }
            let allow = answer.header("allow").unwrap_or_default();
            let allowed = allow.split(',').map(|method| method.trim().to_owned()).collect::<BTreeSet<_>>();
            ensure(allowed == *methods, || {
                format!("{name} {path}: Allow says {allow:?}, the description {methods:?}")
            })?;
            refused += 1;
        }
    }
    passed(format!("{refused} methods at {} paths", known.len()))
}
