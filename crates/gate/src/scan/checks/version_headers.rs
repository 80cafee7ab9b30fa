//! A version in every answer tells an attacker which advisories to read.

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::surface,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.version-headers",
    title: "Answers do not tell the versions of what they are made with",
    promises: &["GAT-4"],
    priority: Priority::P2,
    references: &[Reference::Asvs("13.4.6"), Reference::Cwe(200), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("version-headers"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const HEADERS: &[&str] = &[
    "server",
    "x-powered-by",
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-runtime-version",
    "x-generator",
];

async fn run(probe: Probe) -> Outcome {
    let seen = surface::answers(&probe).await?;
    for seen in &seen {
        for name in HEADERS {
            for value in seen.answer.all(name) {
                // `nginx` says little; `nginx/1.18.0 (Ubuntu)` says a lot. What powers it nobody needs to know.
                let tells = value.chars().any(|c| c.is_ascii_digit()) || *name == "x-powered-by";
                ensure(!tells, || format!("{} says `{name}: {value}`", seen.what))?;
            }
        }
    }
    passed("no answer tells a version")
}
