//! Messages whose end is a matter of opinion are refused and their connection ends, so that no second request hides in one (RFC 9112, 6.3).

use super::{limits, problems};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.smuggling",
    title: "A message with two lengths is refused, and what follows it is not read",
    promises: &["SEC-7"],
    priority: Priority::P0,
    references: &[Reference::Asvs("4.2.1"), Reference::Cwe(444), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Front(Tamper::StripRequestHeader("transfer-encoding")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let raw = probe.raw()?;
    let host = raw.authority();
    let hidden = format!("GET /health HTTP/1.1\r\nHost: {host}\r\nX-Hidden: 1\r\n\r\n");
    let post = |lines: &str, body: &str| {
        format!(
            "POST /v1/auth/refresh HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{lines}\r\n{body}{hidden}"
        )
    };
    let chunked = "0\r\n\r\n";
    let shapes = [
        ("a length and chunks", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "{}")),
        ("chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked)),
        ("two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{} ")),
        ("two lengths in one line", post("Content-Length: 2, 3\r\n", "{} ")),
        ("a signed length", post("Content-Length: +2\r\n", "{}")),
        ("a negative length", post("Content-Length: -2\r\n", "{}")),
        ("a length in hexadecimal", post("Content-Length: 0x2\r\n", "{}")),
        ("a length beyond all numbers", post("Content-Length: 99999999999999999999999999\r\n", "{}")),
        ("an unknown coding", post("Transfer-Encoding: xchunked\r\n", chunked)),
        ("two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked)),
        ("a coding after chunks", post("Transfer-Encoding: chunked, identity\r\n", chunked)),
        ("a tab before the coding's end", post("Transfer-Encoding: chunked\tx\r\n", chunked)),
        ("a vertical tab before the coding", post("Transfer-Encoding: \u{b}chunked\r\n", chunked)),
        ("a space before the colon", post("Transfer-Encoding : chunked\r\n", chunked)),
        ("a folded line", post("X-A: b\r\n Transfer-Encoding: chunked\r\n", chunked)),
        ("a chunk's size that is none", post("Transfer-Encoding: chunked\r\n", "ZZ\r\n\r\n")),
        (
            "a chunk's size beyond all numbers",
            post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n\r\n"),
        ),
        ("a signed chunk's size", post("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n")),
        ("no host", format!("GET /health HTTP/1.1\r\n\r\n{hidden}")),
        ("two hosts", format!("GET /health HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n{hidden}")),
    ];
    let mut bare = None;
    for (what, text) in &shapes {
        let heard = raw.exchange(what, text.as_bytes(), limits::SILENCE).await?;
        let statuses = heard.statuses();
        let is_refused = match statuses.as_slice() {
            [] => true,
            [status] => (400..500).contains(status) || *status == 501,
            _ => false,
        };
        ensure(is_refused && heard.is_closed, || {
            let end = if heard.is_closed { "then closed" } else { "and the connection stays open" };
            format!("{what} was answered with {statuses:?}, {end}")
        })?;
        let body = heard.body();
        let leak = problems::leak(&body);
        ensure(leak.is_none(), || format!("{what} was answered from inside: {}", leak.unwrap_or_default()))?;
        let is_bare = !statuses.is_empty() && heard.header("x-content-type-options").is_none();
        ensure(!is_bare || body.is_empty(), || {
            format!("{what} was answered with a body and no security header")
        })?;
        bare = bare.or(is_bare.then_some(*what));
    }
    if let Some(what) = bare {
        probe.note(format!(
            "{what} and the like are answered without a body, and so without any security header"
        ));
    }
    probe.client.get("/health").purpose("the server lives").expect(200).await?;
    passed(format!("{} shapes, each refused and its connection ended", shapes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::edge::toy;

    #[tokio::test]
    async fn a_server_that_reads_what_follows_is_found() {
        let twice = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let outcome = run(toy::probe_of(twice, toy::Then::Goes).await).await;
        assert!(
            matches!(&outcome, Err(crate::check::Ended::Fail(why)) if why.contains("[400, 200]")),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_server_that_keeps_the_connection_is_found() {
        let outcome =
            run(toy::probe_of(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", toy::Then::Goes)
                .await)
            .await;
        assert!(
            matches!(&outcome, Err(crate::check::Ended::Fail(why)) if why.contains("stays open")),
            "{outcome:?}"
        );
    }
}
