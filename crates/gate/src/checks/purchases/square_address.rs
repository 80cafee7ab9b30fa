//! Square signs the address that it was told to send to. Which one that is stands in the configuration, and nothing that a request
//! says of itself may change it: else what was signed for one place counts at another.

use time::Duration;

use super::till::{NOTHING, is};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    webhook::Square,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.square-address",
    title: "An event of Square's counts for the configured address alone, whatever the request says of the host",
    promises: &["WHK-1", "T-PU-05"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("4.1.3"),
        Reference::Asvs("4.1.5"),
        Reference::Cwe(345),
        Reference::Cwe(347),
    ],
    needs: super::NEEDS_SQUARE,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_address"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// A host of nobody's.
const ELSEWHERE: &str = "elsewhere.example";

async fn run(probe: Probe) -> Outcome {
    let source = probe.square_source()?;
    let right = source.url.as_str();
    let event = Square::event(NOTHING, Duration::ZERO);
    let (scheme, rest) = right.split_once("://").unwrap_or(("", right));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    let elsewhere = format!("http://{ELSEWHERE}/{path}");
    let urls = [
        format!("{other_scheme}://{rest}"),
        format!("{right}/"),
        format!("{right}?"),
        format!("{scheme}://{}/{path}", host.to_uppercase()),
        format!("{scheme}://{ELSEWHERE}/{path}"),
        format!("https://{ELSEWHERE}/{path}"),
        elsewhere,
        format!("/{path}"),
        String::new(),
    ];
    for url in urls.iter().filter(|url| *url != right) {
        let plain = source.delivery(&probe.client, &event, url);
        let claimed = source.delivery(&probe.client, &event, url).header("x-forwarded-host", ELSEWHERE);
        let claimed = claimed.header("x-forwarded-proto", "http").header("x-original-url", url);
        let forwarded = format!("host={ELSEWHERE};proto=http");
        for call in [plain, claimed.header("forwarded", &forwarded)] {
            let answer = call.purpose(format!("signed for {url:?}")).patiently().send().await?;
            ensure(answer.status == 401 && answer.code() == "signature_refused", || {
                format!("signed for {url:?}, it answered {} {}", answer.status, answer.said())
            })?;
        }
    }
    let taken = source.delivery(&probe.client, &event, right).purpose("signed for its own address");
    let taken = taken.patiently().send().await?;
    ensure(is(&taken, "recorded"), || {
        format!("signed for {right:?}, it answered {} {}", taken.status, taken.said())
    })?;
    passed(format!("signatures for {} other addresses were refused, with every word of the host", urls.len()))
}
