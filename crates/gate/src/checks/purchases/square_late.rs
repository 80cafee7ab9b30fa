//! Square signs no time and tries for a day: an event that nobody saw is a purchase that comes late, and one that was seen does
//! nothing again.

use futures::future::try_join_all;
use time::Duration;

use super::{
    limits::LATE,
    till::{NOTHING, is},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
    webhook::{Event, Square},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.square-late",
    title: "An event of Square's that comes hours late is taken once, and one from the future not at all",
    promises: &["WHK-2", "WHK-3", "T-PU-05"],
    priority: Priority::P1,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(294), Reference::Cwe(837)],
    needs: super::NEEDS_SQUARE,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_late"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.square_source()?;
    let deliver = |event: &Event| source.delivery(&probe.client, event, &source.url).patiently();
    for (ago, what) in [(Duration::days(30), "a month old"), (-Duration::hours(1), "an hour ahead")] {
        let answer = deliver(&Square::event(NOTHING, ago)).purpose(what).send().await?;
        ensure(answer.status == 400 && answer.code() == "event_out_of_time", || {
            format!("{what}, it answered {} {}", answer.status, answer.said())
        })?;
    }
    let late = Square::event(NOTHING, LATE);
    let copies = (0..limits::AT_ONCE).map(|_| deliver(&late).purpose("three hours late, one of many").send());
    let answers = try_join_all(copies).await?;
    let recorded = answers.iter().filter(|answer| is(answer, "recorded")).count();
    let known = answers.iter().filter(|answer| is(answer, "duplicate")).count();
    ensure((recorded, known) == (1, answers.len() - 1), || {
        let said = answers.first().map(|answer| format!("{} {}", answer.status, answer.said()));
        format!(
            "of {} copies of an event three hours late {recorded} were recorded and {known} known; the first answered {}; \
             with REPLAY_WINDOW=strict purchases that come late are lost",
            answers.len(),
            said.unwrap_or_default()
        )
    })?;
    let again = deliver(&late).purpose("once more").send().await?;
    ensure(is(&again, "duplicate"), || format!("a known event answered {} {}", again.status, again.said()))?;
    passed(format!("three hours late and {} times at once: taken once", answers.len()))
}
