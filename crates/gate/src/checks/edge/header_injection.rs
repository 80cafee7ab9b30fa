//! Nothing in a request becomes a header of its answer: line ends in paths, queries, headers and ids (response splitting).

use super::limits;
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.header-injection",
    title: "No request puts a header into its answer",
    promises: &["OBS-1", "SEC-3"],
    priority: Priority::P0,
    references: &[Reference::Asvs("4.2.4"), Reference::Cwe(113), Reference::Cwe(93), Reference::Cwe(644)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::SetHeader("x-gate-injected", "1")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mut sent = 0;
    let encoded = [
        "%0d%0aX-Gate-Injected:%201",
        "%0aX-Gate-Injected:1",
        "%E5%98%8D%E5%98%8AX-Gate-Injected:1",
        "%250d%250aX-Gate-Injected:1",
    ];
    for text in encoded {
        for path in [
            "/",
            "/v1/config?x=",
            "/v1/auth/google/start?return_to=/",
            "/v1/auth/apple/start?return_to=/",
            "/v1/notes/",
            "/docs/",
        ] {
            if path.starts_with("/v1/auth/") && probe.is_scarce("auth") && text != encoded[0] {
                continue;
            }
            let answer = probe.client.get(&format!("{path}{text}")).patiently().send().await?;
            let injected = answer.headers.contains_key("x-gate-injected");
            ensure(!injected, || format!("GET {path}{text} has a header of its own in the answer"))?;
            sent += 1;
        }
    }
    let raw = probe.raw()?;
    let host = raw.authority();
    for (what, line) in [
        ("a bare carriage return in a request id", "X-Request-ID: abcdefgh\rX-Gate-Injected: 1"),
        ("a bare carriage return in an origin", "Origin: https://a.example\rX-Gate-Injected: 1"),
        ("a null in a request id", "X-Request-ID: abcdefgh\0X-Gate-Injected: 1"),
        ("a folded line", "X-Request-ID: abcdefgh\r\n X-Gate-Injected: 1"),
        ("a space before the colon", "X-Request-ID : abcdefgh"),
    ] {
        let bytes = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n{line}\r\nConnection: close\r\n\r\n");
        let heard = raw.exchange(what, bytes.as_bytes(), limits::SILENCE).await?;
        let injected = heard.header("x-gate-injected").is_some() || heard.statuses().len() > 1;
        ensure(!injected, || format!("{what} came back as a header"))?;
        sent += 1;
    }
    passed(format!("{sent} attempts"))
}
