//! Headers and addresses have bounds: what is far too long is refused, and the next request is answered (SEC-7).

use super::limits;
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.header-limits",
    title: "Headers and addresses that are far too long are refused",
    promises: &["SEC-7"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("4.2.5"),
        Reference::Asvs("15.2.2"),
        Reference::Cwe(400),
        Reference::Cwe(770),
        Reference::Api(4),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("uri_limit"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let raw = probe.raw()?;
    let host = raw.authority();
    let many = (0..1_000).map(|number| format!("X-{number}: a\r\n")).collect::<String>();
    let shapes = [
        (
            "an address of 9 kB",
            format!("GET /v1/config?x={} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(9 * 1024)),
        ),
        ("a path of 9 kB", format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a/".repeat(4_608))),
        ("an address of 1 MB", format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(1024 * 1024))),
        (
            "a header of 1 MB",
            format!("GET /health HTTP/1.1\r\nHost: {host}\r\nX-A: {}\r\n\r\n", "a".repeat(1024 * 1024)),
        ),
        ("a thousand headers", format!("GET /health HTTP/1.1\r\nHost: {host}\r\n{many}\r\n")),
        (
            "a method of 100 kB",
            format!("{} /health HTTP/1.1\r\nHost: {host}\r\n\r\n", "G".repeat(100 * 1024)),
        ),
    ];
    for (what, text) in &shapes {
        let heard = raw.exchange(what, text.as_bytes(), limits::LONG_SILENCE).await?;
        let is_refused = match heard.status() {
            Some(status) => (400..500).contains(&status),
            None => heard.is_closed,
        };
        ensure(is_refused, || format!("{what} was answered with {:?}", heard.status()))?;
    }
    probe.client.get("/health").purpose("the server lives").expect(200).await?;
    passed(format!("{} shapes", shapes.len()))
}
