//! Headers that drip in keep a connection for so long and no longer: Slowloris (SEC-7).

use super::{limits, slow};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.slow-headers",
    title: "Headers that do not arrive in time end the connection",
    promises: &["SEC-7"],
    priority: Priority::P0,
    references: &[Reference::Asvs("15.2.2"), Reference::Cwe(400), Reference::Cwe(770), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("header_timeout"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let raw = probe.raw()?;
    let head = format!("GET /health HTTP/1.1\r\nHost: {}\r\n", raw.authority());
    let (silent, dripping) = tokio::try_join!(
        slow::outlast(&raw, "headers that stop", &head, ""),
        slow::outlast(&raw, "headers that drip", &head, "X-A: b\r\n"),
    )?;
    for (what, heard) in [("headers that stop", &silent), ("headers that drip", &dripping)] {
        let status = heard.status();
        ensure(heard.is_closed, || {
            format!("{what} still keep the connection after {} s", limits::SLOW_MAX.as_secs())
        })?;
        ensure(matches!(status, None | Some(400 | 408 | 431)), || {
            format!("{what} were answered with {status:?}")
        })?;
    }
    passed(format!("ended after {:.0} s and {:.0} s", silent.took.as_secs_f64(), dripping.took.as_secs_f64()))
}
