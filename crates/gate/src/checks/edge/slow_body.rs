//! A body that drips in keeps a connection for so long and no longer, even while bytes arrive (SEC-7).

use super::{limits, slow};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.slow-body",
    title: "A body that does not arrive in time ends the request",
    promises: &["SEC-7"],
    priority: Priority::P0,
    references: &[Reference::Asvs("15.2.2"), Reference::Cwe(400), Reference::Cwe(770), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("body_timeout"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let raw = probe.raw()?;
    let head = format!(
        "POST /v1/auth/refresh HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{{",
        raw.authority()
    );
    let (silent, dripping) = tokio::try_join!(
        slow::outlast(&raw, "a body that stops", &head, ""),
        slow::outlast(&raw, "a body that drips", &head, " "),
    )?;
    for (what, heard) in [("a body that stops", &silent), ("a body that drips", &dripping)] {
        let status = heard.status();
        ensure(heard.is_closed || status.is_some(), || {
            format!("{what} still waits after {} s", limits::SLOW_MAX.as_secs())
        })?;
        let is_bare = heard.header("x-content-type-options").is_none();
        ensure(heard.body().is_empty() || !is_bare, || {
            format!("{what} was answered without security headers")
        })?;
        ensure(matches!(status, None | Some(400 | 408)), || format!("{what} was answered with {status:?}"))?;
    }
    passed(format!("ended after {:.0} s and {:.0} s", silent.took.as_secs_f64(), dripping.took.as_secs_f64()))
}
