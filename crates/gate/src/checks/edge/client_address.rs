//! Who asks is who is at the other end of the connection: headers that name somebody else buy no new quota (T-OP-01).

use serde_json::json;

use super::quota::{self, Quota};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.client-address",
    title: "Made-up forwarding headers do not get around a limit",
    promises: &["SEC-4", "T-OP-01"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("4.1.3"),
        Reference::Asvs("15.3.4"),
        Reference::Cwe(348),
        Reference::Cwe(290),
        Reference::Cwe(307),
        Reference::Api(4),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Guard("client_address"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const HEADERS: &[&str] = &[
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "forwarded-for",
    "x-originating-ip",
    "x-remote-addr",
    "client-ip",
];

async fn run(probe: Probe) -> Outcome {
    let client = probe.another_client()?;
    let call = || client.post("/v1/auth/email/finish").json(&json!({}));
    let quota = Quota::of(&call().purpose("what is the quota?").send().await?)?;
    let dressed = (0..quota.beyond()).map(|number| {
        let [_, b, c, d] = (number * 65_537 + 257).to_be_bytes();
        let address = format!("198.{}.{c}.{d}", 18 + b % 2);
        let call = HEADERS.iter().fold(call(), |call, header| call.header(header, &address));
        let chain = format!("{address}, 203.0.113.{d}");
        call.header("x-forwarded-for", chain).header("forwarded", format!("for={address};proto=https"))
    });
    let answers = quota::burst(dressed.collect()).await?;
    let refused = quota::refused(&answers);
    ensure(refused > 0, || {
        format!(
            "{} sign-ins with made-up addresses were let through a quota of {}; is the gate's own address in MAINSTAY_TRUSTED_PROXIES?",
            answers.len(),
            quota.limit
        )
    })?;
    passed(format!("{refused} of {} sign-ins with made-up addresses were refused", answers.len()))
}
