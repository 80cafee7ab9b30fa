//! A refusal that comes before the body does not wait for it: what nobody reads keeps no connection (SEC-7).

use super::slow;
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.unread-body",
    title: "After an early refusal the rest of the body keeps no connection",
    promises: &["SEC-7"],
    priority: Priority::P1,
    references: &[Reference::Asvs("15.2.2"), Reference::Cwe(400), Reference::Cwe(770), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("unread_body"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let raw = probe.raw()?;
    let head = |path: &str, lines: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{lines}\r\n",
            raw.authority()
        )
    };
    let chunks = "Transfer-Encoding: chunked\r\n";
    let shapes = [
        ("chunks that drip, to a path that is not there", head("/v1/nothing-is-here", chunks), "1\r\n \r\n"),
        ("chunks that drip, without a session", head("/v1/notes", chunks), "1\r\n \r\n"),
        ("a body that drips, without a session", head("/v1/notes", "Content-Length: 4096\r\n"), " "),
    ];
    let outlasting = shapes.iter().map(|(what, head, drop)| slow::outlast_all(&raw, what, head, drop));
    let heard = futures::future::try_join_all(outlasting).await?;
    for ((what, _, _), heard) in shapes.iter().zip(&heard) {
        let status = heard.status();
        ensure(heard.is_closed, || {
            format!(
                "{what}: answered {status:?}, and the connection still takes it after {:.0} s",
                heard.took.as_secs_f64()
            )
        })?;
    }
    passed(format!("{} refused bodies, each with its connection ended", shapes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::edge::toy;

    #[tokio::test]
    async fn a_server_that_ends_the_connection_passes() {
        let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let outcome = run(toy::probe_of(answer, toy::Then::Closes).await).await;
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}
