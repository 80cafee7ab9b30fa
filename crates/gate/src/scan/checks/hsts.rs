//! Without HSTS somebody on the way can keep a browser on plain HTTP (RFC 6797).

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    probe::Probe,
    scan::surface,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.hsts",
    title: "Browsers are told to come back by https only",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("3.4.1"), Reference::Cwe(319), Reference::Api(8)],
    needs: &[Need::Tls],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("hsts"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// ASVS: at least a year.
const AGE_MIN_S: u64 = 31_536_000;

async fn run(probe: Probe) -> Outcome {
    let seen = surface::answers(&probe).await?;
    for seen in &seen {
        let header = seen.answer.header("strict-transport-security");
        let Some(header) = header else {
            return Err(Ended::fail(format!("{} answers without Strict-Transport-Security", seen.what)));
        };
        let age = header
            .split(';')
            .find_map(|part| part.trim().to_ascii_lowercase().strip_prefix("max-age=").map(str::to_owned));
        let age = age.and_then(|age| age.trim_matches('"').parse::<u64>().ok()).unwrap_or(0);
        ensure(age >= AGE_MIN_S, || {
            format!("{}: HSTS for {age} s, which is less than a year ({AGE_MIN_S} s)", seen.what)
        })?;
    }
    passed(format!("{} kinds of answers have HSTS of at least a year", seen.len()))
}
