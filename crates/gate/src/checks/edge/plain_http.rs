//! Without TLS there is nothing to be had: the plain port refuses, or sends browsers to TLS and nothing else.

use std::time::Duration;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, Tamper, ensure,
        passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.plain-http",
    title: "Over plain http nothing is answered but where TLS is",
    promises: &["SEC-3", "SES-4"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("4.1.2"),
        Reference::Asvs("12.2.1"),
        Reference::Cwe(319),
        Reference::Api(8),
    ],
    needs: &[Need::Tls, Need::Strict],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::SetHeader("location", "http://localhost/")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const PATIENCE: Duration = Duration::from_secs(5);

async fn run(probe: Probe) -> Outcome {
    let mut plain = probe.target.base.clone();
    if plain.set_scheme("http").is_err() || plain.set_port(None).is_err() {
        return Err(Ended::error("the address has no plain counterpart"));
    }
    for path in ["/", "/v1/config", "/v1/auth/me"] {
        let call = probe.client.at(&plain).get(path).purpose("without TLS").send();
        let answer = match tokio::time::timeout(PATIENCE, call).await {
            // Nobody listens there, or nobody answers.
            Err(_) | Ok(Err(Ended::Error(_))) => continue,
            Ok(outcome) => outcome?,
        };
        let target = answer.header("location").unwrap_or_default();
        let leads_home = (300..400).contains(&answer.status)
            && target.starts_with(&format!("https://{}", plain.host_str().unwrap_or_default()));
        ensure(leads_home || answer.status >= 400, || {
            format!("GET http{path} answered {} with location {target:?}", answer.status)
        })?;
        ensure(answer.all("set-cookie").is_empty(), || format!("GET http{path} sets a cookie"))?;
    }
    passed("the plain port is closed, refuses, or leads to TLS")
}
