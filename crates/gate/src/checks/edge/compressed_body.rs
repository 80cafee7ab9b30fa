//! A small body that grows a thousandfold when it is unpacked: compressed requests are refused unread (SEC-7).

use super::limits;
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    packed,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.compressed-body",
    title: "A compressed body is not unpacked beyond its bound",
    promises: &["SEC-7"],
    priority: Priority::P0,
    references: &[Reference::Asvs("5.2.3"), Reference::Cwe(409), Reference::Cwe(400), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("content_encoding"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let small = packed::gzip(b"{}")?;
    let bomb = packed::bomb(limits::BOMB_BYTES).await?;
    let mut sent = 0;
    for path in ["/v1/auth/refresh", "/v1/auth/logout", "/v1/auth/email/finish"] {
        for (coding, body) in [
            ("gzip", &small),
            ("gzip", &bomb),
            ("x-gzip", &small),
            ("deflate", &small),
            ("br", &small),
            ("gzip, gzip", &small),
            ("identity, gzip", &small),
        ] {
            let call = probe
                .client
                .post(path)
                .body("application/json", body.clone())
                .header("content-encoding", coding);
            let answer = call.patiently().send().await?;
            if answer.code() == "capability_unavailable" {
                continue;
            }
            ensure(matches!(answer.status, 413 | 415), || {
                format!(
                    "{} bytes of {coding} at {path} answered {} {}",
                    body.len(),
                    answer.status,
                    answer.said()
                )
            })?;
            ensure(answer.took < limits::BOMB_TIME_MAX, || {
                format!("{} bytes of {coding} took {:?}", body.len(), answer.took)
            })?;
            sent += 1;
        }
    }
    passed(format!("{sent} compressed bodies, bombs of {} MB among them", limits::BOMB_BYTES / 1024 / 1024))
}
