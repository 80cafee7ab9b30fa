//! Runs drills one after another: each has the machine to itself, since it measures time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    check::{Ended, Outcome},
    drill::{Drill, Engine, Keeper, Progress, Server, ground::Ground, limits, servers},
    evidence::{Evidence, Recorder, milliseconds},
    report::CheckReport,
    run::verdict,
};

/// What must be installed for these drills and is not, each with the Debian package that has it.
pub(crate) fn missing_programs(drills: &[&'static Drill]) -> Vec<String> {
    let mut missing = BTreeSet::new();
    if drills.iter().any(|drill| drill.engine == Engine::Postgres) {
        match servers::postgres_programs() {
            None => {
                missing
                    .insert("PostgreSQL is not installed; on Debian: apt-get install postgresql".to_owned());
            }
            Some(programs) => {
                for client in ["psql", "pg_dump", "pg_isready"] {
                    if !programs.join(client).exists() {
                        missing.insert(format!(
                            "{client} is not installed; on Debian: apt-get install postgresql-client"
                        ));
                    }
                }
            }
        }
    }
    if drills.iter().any(|drill| drill.needs_redis) && servers::redis_program().is_none() {
        missing.insert("Redis is not installed; on Debian: apt-get install redis-server".to_owned());
    }
    missing.into_iter().collect()
}

/// Runs them; an interrupt ends the present one with all its processes, and the others are told as skipped.
pub(crate) async fn run(
    drills: &[&'static Drill],
    server: &Server,
    keeper: &Arc<Keeper>,
    progress: &Progress,
    interrupt: &CancellationToken,
) -> Vec<CheckReport> {
    let mut reports = Vec::with_capacity(drills.len());
    for drill in drills {
        let recorder = Recorder::default();
        let began = Instant::now();
        let outcome = if interrupt.is_cancelled() {
            Err(Ended::Unanswerable("the run was interrupted".to_owned()))
        } else {
            progress.step(drill.id, "begins");
            attempt(drill, server, keeper, &recorder, progress, interrupt).await
        };
        let report = told(drill, outcome, began.elapsed(), recorder.take());
        progress.line(&format!("{:5} {} {}", report.verdict.as_str(), drill.id, report.reason));
        reports.push(report);
    }
    progress.finish();
    reports
}

async fn attempt(
    drill: &'static Drill,
    server: &Server,
    keeper: &Arc<Keeper>,
    recorder: &Recorder,
    progress: &Progress,
    interrupt: &CancellationToken,
) -> Outcome {
    let ground = Ground::new(drill.id, server, keeper, recorder, progress);
    let ground = ground.map_err(|error| Ended::error(error.to_string()))?;
    // A task of its own, so that a fault of one drill ends that drill only.
    let mut task = tokio::spawn((drill.run)(ground));
    let ended = tokio::select! {
        joined = &mut task => {
            return joined.unwrap_or_else(|join| Err(Ended::error(format!("the drill itself broke: {join}"))));
        }
        () = interrupt.cancelled() => Ended::Unanswerable("the run was interrupted".to_owned()),
        () = tokio::time::sleep(limits::DRILL_TIME_MAX) => {
            Ended::error(format!("no end after {} s", limits::DRILL_TIME_MAX.as_secs()))
        }
    };
    task.abort();
    // Its processes end as it is dropped; only then may the next begin.
    let _ = task.await;
    Err(ended)
}

fn told(drill: &Drill, outcome: Outcome, took: Duration, evidence: Evidence) -> CheckReport {
    let (verdict, reason, unanswerable) = verdict(outcome);
    CheckReport {
        id: drill.id,
        title: drill.title,
        promises: drill.promises,
        priority: drill.priority,
        references: drill.references.iter().map(|reference| reference.label()).collect(),
        verdict,
        unanswerable,
        reason,
        took_ms: milliseconds(took),
        evidence,
    }
}
