//! A request is what its method says: headers and fields that ask for another one are not heard.

use reqwest::Method;
use serde_json::json;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::own_things::{Snapshot, furnish, own_path},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.method-override",
    title: "No header or field turns a request into another method",
    promises: &["SEC-2", "T-OP-06"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("3.5.3"),
        Reference::Asvs("4.1.4"),
        Reference::Cwe(650),
        Reference::Cwe(352),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("method_override"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const HEADERS: &[&str] =
    &["x-http-method-override", "x-http-method", "x-method-override", "x-original-method"];

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    furnish(&member).await?;
    let operations = probe.operations()?;
    let before = Snapshot::take(&member, &operations).await?;
    let mut sent = 0;
    for operation in operations.iter().filter(|operation| operation.needs_session()) {
        if operation.method != Method::DELETE {
            continue;
        }
        let path = own_path(&member, operation).await?;
        let has = |method: Method| {
            operations.iter().any(|other| other.path == operation.path && other.method == method)
        };
        for carrier in [Method::GET, Method::POST] {
            // A POST of its own would do what it is there for.
            if carrier == Method::POST && has(Method::POST) {
                continue;
            }
            for header in HEADERS {
                let call = member.call(carrier.clone(), &path).header(header, "DELETE").patiently();
                judge(&operation.name(), &call.send().await?, has(carrier.clone()))?;
                sent += 1;
            }
            let query = format!("{path}?_method=DELETE&method=DELETE&x-http-method-override=DELETE");
            let call = member.call(carrier.clone(), &query).patiently();
            let call =
                if carrier == Method::POST { call.json(&json!({ "_method": "DELETE" })) } else { call };
            judge(&operation.name(), &call.send().await?, has(carrier.clone()))?;
            sent += 1;
        }
    }
    let after = Snapshot::take(&member, &operations).await?;
    let changed = before.difference(&after);
    ensure(changed.is_none(), || format!("an override was heard: {}", changed.unwrap_or_default()))?;
    passed(format!("{sent} requests that asked for DELETE; nothing changed"))
}

fn judge(name: &str, answer: &crate::client::Answer, is_known: bool) -> Result<(), Ended> {
    let is_right = answer.status == 405 || is_known && matches!(answer.status, 200 | 404);
    ensure(is_right, || format!("{name} by override answered {} {}", answer.status, answer.said()))
}
