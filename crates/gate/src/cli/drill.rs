//! `mainstay gate drill`: hands on the processes.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    drill::{self, Drill, Engine, Keeper, Progress, Server},
    evidence::milliseconds,
    report::{self, Cleanup, FORM, Files, Kind, Report, Subject},
};

/// The drills.
#[derive(Args)]
#[group(id = "drill")]
pub(super) struct Arguments {
    /// The server's program, unless it is this one.
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Only drills whose id starts like this.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Only drills on this database.
    #[arg(long, value_name = "ENGINE")]
    engine: Option<Engine>,
    /// List the drills.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    files: Files,
}

/// Drills, and answers the exit code.
pub(super) async fn run(arguments: Arguments, json: bool) -> anyhow::Result<u8> {
    let drills = chosen(&arguments)?;
    if arguments.list {
        report::list(&drills, json)?;
        return Ok(0);
    }
    arguments.files.check()?;
    let missing = drill::missing_programs(&drills);
    if !missing.is_empty() {
        bail!("{}", missing.join("\n       "));
    }
    let program = match arguments.server {
        Some(program) => std::fs::canonicalize(&program).with_context(|| program.display().to_string())?,
        None => std::env::current_exe().context("this program does not know where it is")?,
    };
    let server = Server::find(program)?;
    let interrupt = interrupted()?;
    let started_at = OffsetDateTime::now_utc().format(&Rfc3339).context("the clock is out of range")?;
    let started = Instant::now();
    let keeper = Keeper::start().context("can't make a place for the drills")?;
    let progress = Progress::new(json);
    let checks = drill::run(&drills, &server, &keeper, &progress, &interrupt).await;
    drop(keeper);
    let report = Report {
        form: FORM,
        kind: Kind::Drill,
        gate_version: env!("CARGO_PKG_VERSION"),
        subject: Subject {
            url: "http://127.0.0.1/".to_owned(),
            nodes: Vec::new(),
            environment: "drill".to_owned(),
            version: server.version,
        },
        started_at,
        took_ms: milliseconds(started.elapsed()),
        members_by: "the test sign-in".to_owned(),
        destructive: true,
        interrupted: interrupt.is_cancelled(),
        requests: checks.iter().map(|check| check.evidence.requests).sum(),
        // They went with the scratch databases.
        cleanup: Cleanup::default(),
        checks,
    };
    if json {
        report::print_json(&report)?;
    } else {
        report::print_notes(&report);
        report::print(&report);
    }
    arguments.files.write(&report)?;
    Ok(report.exit_code())
}

fn chosen(arguments: &Arguments) -> anyhow::Result<Vec<&'static Drill>> {
    let all = drill::all();
    for start in &arguments.only {
        if !all.iter().any(|drill| drill.id.starts_with(start.as_str())) {
            bail!("no drill's id starts with {start}; `mainstay gate drill --list` shows them");
        }
    }
    let is_chosen = |drill: &&Drill| {
        let by_id = arguments.only.is_empty()
            || arguments.only.iter().any(|start| drill.id.starts_with(start.as_str()));
        by_id && arguments.engine.is_none_or(|engine| engine == drill.engine)
    };
    let chosen = all.into_iter().filter(is_chosen).collect::<Vec<_>>();
    if chosen.is_empty() {
        bail!("no drill is both named by --only and on that --engine");
    }
    Ok(chosen)
}

/// Is cancelled at Ctrl-C, `SIGTERM` and `SIGHUP`: whatever ends the drills ends their processes.
fn interrupted() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let (mut signals, heard) = (signal(kind)?, token.clone());
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                heard.cancel();
            }
        });
    }
    Ok(token)
}
