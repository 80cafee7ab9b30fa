//! `mainstay gate scan URL`: the checks for a service that is not Mainstay.

use std::{collections::BTreeSet, io::Write as _, path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail};
use clap::Args;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    check::{Check, Ended},
    cli::interrupted,
    client::{Budget, Client, Sources, Trust},
    evidence::{Recorder, milliseconds},
    limits,
    members::Register,
    probe::{Lent, World},
    report::{self, FORM, Files, Kind, Progress, Report, Subject},
    run::{self, Plan},
    scan::{self, Document, Stranger, TargetFile},
    target::Target,
};

/// Check a service that is not Mainstay.
///
/// Say where it is, and in a target file how two members sign in and what they own; `--example` prints one with every key explained.
/// Without a target file only what is public is checked. The scan makes a few objects in A's name and removes them, sends up to a
/// hundred wrong passwords for an account that nobody has, and reads; run it against a deployment of your own.
#[derive(Args)]
#[command(after_help = "Example:
  mainstay gate scan --example > target.toml
  SCAN_A_PASSWORD=… SCAN_B_PASSWORD=… mainstay gate scan https://staging.example.com --target target.toml --openapi openapi.yaml

Exit codes: 0 no P0 failed and none is unanswered, 1 otherwise, 2 the scan could not be carried out.")]
pub(super) struct Arguments {
    /// The service's public address.
    #[arg(required_unless_present_any = ["example", "list"])]
    url: Option<Url>,
    /// The target file (TOML).
    #[arg(long, value_name = "FILE")]
    target: Option<PathBuf>,
    /// The OpenAPI document (3.0 or 3.1; JSON or YAML), a file or an address of the service.
    #[arg(long, value_name = "FILE_OR_URL")]
    openapi: Option<String>,
    /// Print a target file with every key explained.
    #[arg(long)]
    example: bool,
    /// List the checks of a scan.
    #[arg(long)]
    list: bool,
    /// Authorities (PEM) to believe beside the public ones.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Checks at a time.
    #[arg(long, default_value_t = limits::CONCURRENCY)]
    concurrency: usize,
    /// Requests in all.
    #[arg(long, default_value_t = limits::REQUESTS_MAX)]
    requests_max: u64,
    /// Only checks whose id starts like this.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    #[command(flatten)]
    files: Files,
}

/// Scans, and answers the exit code.
pub(super) async fn run(arguments: Arguments, json: bool) -> anyhow::Result<u8> {
    if arguments.example {
        std::io::stdout().lock().write_all(scan::EXAMPLE.as_bytes())?;
        return Ok(0);
    }
    if arguments.list {
        report::list(&scan::checks::all(), json)?;
        return Ok(0);
    }
    arguments.files.check()?;
    let report = scan(&arguments, json, &variable).await?;
    if json {
        report::print_json(&report)?;
    } else {
        report::print(&report);
    }
    arguments.files.write(&report)?;
    Ok(report.exit_code())
}

/// The environment, which the target file names variables of.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Scans with this environment.
pub(crate) async fn scan(
    arguments: &Arguments,
    json: bool,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Report> {
    let url = arguments.url.clone().context("which service? Give its address")?;
    let checks = chosen(&arguments.only)?;
    let file = target_file(arguments)?;
    let trust = match &arguments.ca_file {
        Some(path) => Trust::from_file(path)?,
        None => Trust::default(),
    };
    let sources = Sources::new(trust, std::slice::from_ref(&url));
    let budget = Arc::new(Budget::new(arguments.requests_max));
    let client = Client::new(sources.fresh()?, url.clone(), Recorder::default(), Arc::clone(&budget));
    if let Err(ended) = client.get("/").send().await {
        bail!(
            "{url} can't be scanned: does the service run there? (localhost is asked at 127.0.0.1.) {}",
            said(ended)
        );
    }
    let document = match &arguments.openapi {
        Some(place) => Some(document(&client, place).await.with_context(|| format!("--openapi {place}"))?),
        None => None,
    };
    let stranger = Stranger::new(file, document, variable).map_err(|missing| {
        anyhow::anyhow!("the target file needs variables of the environment:\n  {}", missing.join("\n  "))
    })?;
    if let Err(ended) = stranger.sign_everybody_in(&client).await {
        bail!("the target file does not fit the service, so nothing was scanned: {}", said(ended));
    }
    let members_by = stranger.describe();
    let target = Arc::new(Target::stranger(&url, stranger));
    let world = Arc::new(World {
        sources,
        members: Register::new(None, None),
        mailbox: None,
        lent: Lent::default(),
        budget,
    });
    let plan =
        Plan { checks, concurrency: arguments.concurrency, destructive: false, given: BTreeSet::new() };
    let interrupt = interrupted();
    let started_at = OffsetDateTime::now_utc().format(&Rfc3339).context("the clock is out of range")?;
    let started = Instant::now();
    let progress = Progress::new(plan.checks.len(), json);
    let (reports, cleanup) = run::run(&plan, &target, &world, &progress, &interrupt).await;
    progress.finish();
    Ok(Report {
        form: FORM,
        kind: Kind::Scan,
        gate_version: env!("CARGO_PKG_VERSION"),
        subject: Subject {
            url: target.base.to_string(),
            nodes: Vec::new(),
            environment: target.environment.clone(),
            version: target.version.clone(),
        },
        started_at,
        took_ms: milliseconds(started.elapsed()),
        members_by,
        destructive: false,
        interrupted: CancellationToken::is_cancelled(&interrupt),
        requests: world.budget.spent(),
        cleanup,
        checks: reports,
    })
}

/// What ended it, in its words.
fn said(ended: Ended) -> String {
    match ended {
        Ended::Fail(what) | Ended::NotApplicable(what) | Ended::Unanswerable(what) | Ended::Error(what) => {
            what
        }
    }
}

fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static Check>> {
    let all = scan::checks::all();
    let is_meant = |id: &str, start: &String| {
        id.starts_with(start.as_str()) || id.trim_start_matches("scan.").starts_with(start.as_str())
    };
    for start in only {
        if !all.iter().any(|check| is_meant(check.id, start)) {
            bail!("no check's id starts with {start}; `mainstay gate scan --list` shows them");
        }
    }
    let is_chosen = |check: &&Check| only.is_empty() || only.iter().any(|start| is_meant(check.id, start));
    Ok(all.into_iter().filter(is_chosen).collect())
}

fn target_file(arguments: &Arguments) -> anyhow::Result<TargetFile> {
    let Some(path) = &arguments.target else { return Ok(TargetFile::public_only()) };
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("can't read {}; `mainstay gate scan --example` prints a target file", path.display())
    })?;
    let ids = scan::checks::all().iter().map(|check| check.id).collect::<Vec<_>>();
    TargetFile::parse(&text, &ids).map_err(|faults| {
        let faults = faults.iter().map(|fault| format!("  {fault}")).collect::<Vec<_>>().join("\n");
        anyhow::anyhow!("{} can't be used:\n{faults}", path.display())
    })
}

async fn document(client: &Client, place: &str) -> anyhow::Result<Document> {
    let is_address = place.starts_with("http://") || place.starts_with("https://");
    let text = if is_address {
        match client.get(place).patiently().send().await {
            Ok(answer) if answer.body.len() >= limits::BODY_BYTES_MAX => {
                bail!("it is larger than {} bytes; download it and give the file", limits::BODY_BYTES_MAX)
            }
            Ok(answer) if answer.status == 200 => answer.body_text(),
            Ok(answer) => bail!("it answered {}", answer.status),
            Err(Ended::Error(why)) if why.contains("is not part of") => {
                bail!(
                    "{why}; the scan asks only the service itself, so download the document and give the file"
                )
            }
            Err(ended) => bail!("{}", said(ended)),
        }
    } else {
        let size = std::fs::metadata(place).context("can't read the file")?.len();
        if size > limits::SCAN_FILE_BYTES_MAX {
            bail!("the file has {size} bytes, more than {}", limits::SCAN_FILE_BYTES_MAX);
        }
        std::fs::read_to_string(place).context("can't read the file")?
    };
    Document::parse(&text, client.base())
}

#[cfg(test)]
mod tests;
