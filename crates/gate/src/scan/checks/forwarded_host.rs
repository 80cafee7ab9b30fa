//! A link that is built from what the asker says its host is leads wherever the asker wants.

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    probe::Probe,
    scan::{fill, party::Who},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.forwarded-host",
    title: "Links and redirects do not follow what a request says its host is",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("4.1.3"), Reference::Cwe(601), Reference::Cwe(348)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("forwarded-host"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const EVIL: &str = "scan-evil.example";

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let mut calls = 0_usize;
    for (name, value) in [
        ("host", EVIL.to_owned()),
        ("x-forwarded-host", EVIL.to_owned()),
        ("forwarded", format!("host={EVIL}")),
        ("x-original-host", EVIL.to_owned()),
        ("x-host", EVIL.to_owned()),
    ] {
        for path in &stranger.file.pages {
            let call = probe.client.get(path).header(name, &value).purpose(format!("{name} is forged"));
            judge(name, path, &call.patiently().send().await?)?;
            calls += 1;
        }
        for request in &stranger.file.links {
            let party = stranger.party(Who::A, &probe.client).await.ok();
            let values = party.as_ref().map(|party| party.values(&[])).unwrap_or_default();
            let path = fill::text(&request.path, &values);
            let call = fill::onto(probe.client.call(fill::method(request)?, &path), request, &values);
            let call = call.header(name, &value).purpose(format!("{name} is forged"));
            judge(name, &path, &call.patiently().send().await?)?;
            calls += 1;
        }
    }
    if stranger.file.links.is_empty() {
        probe.note("the target file names no [[links]]; links in mails can't be seen from here at all");
    }
    passed(format!("{calls} answers to forged hosts lead nowhere else"))
}

fn judge(name: &str, path: &str, answer: &Answer) -> Result<(), Ended> {
    let location = answer.header("location").unwrap_or_default();
    ensure(!location.contains(EVIL), || {
        format!("{path} redirects to {location} because of a forged {name}")
    })?;
    let link = format!("//{EVIL}");
    ensure(!answer.body_text().contains(&link), || {
        format!("{path} answers with a link to {EVIL} because of a forged {name}")
    })
}
