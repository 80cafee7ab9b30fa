//! `mainstay gate repo [PATH]`: the checks of a repository, and with `--online` of what the hosting service enforces.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::SecretString;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;
use url::Url;

use crate::{
    cli::interrupted,
    client::{Sources, Trust},
    evidence::milliseconds,
    repo::{self, RepoCheck, Repository, Service},
    report::{self, Cleanup, FORM, Files, Kind, Progress, Report, Subject},
};

/// The checks of a repository.
#[derive(Args)]
pub(super) struct Arguments {
    /// A folder in the repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only checks whose id starts like this.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Also ask the hosting service what is in force; needs a token that may read.
    #[arg(long)]
    online: bool,
    /// The token; better in the environment, since every process of a machine can read a command line.
    #[arg(long, value_name = "TOKEN", env = "GITHUB_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The repository's name at the service; by default as `origin` says.
    #[arg(long, value_name = "OWNER/NAME", env = "GITHUB_REPOSITORY")]
    repository: Option<String>,
    /// The service's REST API.
    #[arg(long, value_name = "URL", env = "GITHUB_API_URL", default_value = "https://api.github.com")]
    service_url: Url,
    /// List the checks.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    files: Files,
}

/// Checks, and answers the exit code.
pub(super) async fn run(arguments: Arguments, json: bool) -> anyhow::Result<u8> {
    let checks = chosen(&arguments.only)?;
    if arguments.list {
        report::list(&checks, json)?;
        return Ok(0);
    }
    arguments.files.check()?;
    let report = check(&arguments, &checks, json).await?;
    if json {
        report::print_json(&report)?;
    } else {
        report::print(&report);
    }
    arguments.files.write(&report)?;
    Ok(report.exit_code())
}

fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static RepoCheck>> {
    let all = repo::all();
    for start in only {
        if !all.iter().any(|check| check.id.starts_with(start.as_str())) {
            bail!("no check's id starts with {start}; `mainstay gate repo --list` shows them");
        }
    }
    let is_chosen =
        |check: &&RepoCheck| only.is_empty() || only.iter().any(|start| check.id.starts_with(start.as_str()));
    Ok(all.into_iter().filter(is_chosen).collect())
}

async fn check(arguments: &Arguments, checks: &[&'static RepoCheck], json: bool) -> anyhow::Result<Report> {
    let repository = Arc::new(Repository::open(&arguments.path)?);
    let service = if arguments.online { Some(service(arguments, &repository)?) } else { None };
    let interrupt = interrupted();
    let started_at = OffsetDateTime::now_utc().format(&Rfc3339).context("the clock is out of range")?;
    let started = Instant::now();
    let progress = Progress::new(checks.len(), json);
    let reports = repo::run(checks, &repository, service.as_ref(), &progress, &interrupt).await;
    progress.finish();
    Ok(Report {
        form: FORM,
        kind: Kind::Repository,
        gate_version: env!("CARGO_PKG_VERSION"),
        subject: Subject {
            url: repository.root.display().to_string(),
            nodes: Vec::new(),
            environment: repository.branch.clone(),
            version: repository.commit.clone(),
        },
        started_at,
        took_ms: milliseconds(started.elapsed()),
        members_by: "none".to_owned(),
        destructive: false,
        interrupted: interrupt.is_cancelled(),
        requests: reports.iter().map(|report| report.evidence.requests).sum(),
        cleanup: Cleanup::default(),
        checks: reports,
    })
}

fn service(arguments: &Arguments, repository: &Repository) -> anyhow::Result<Service> {
    let token = arguments.token.clone().filter(|token| !token.is_empty());
    let token = token.context("--online needs a token in GITHUB_TOKEN; one that may only read is enough")?;
    let url = &arguments.service_url;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    if url.scheme() != "https" && !is_local {
        bail!("{url} is no https address; the token would be readable on its way");
    }
    let of_origin = || repository.origin.as_deref().and_then(name_of);
    let name = arguments.repository.clone().or_else(of_origin);
    let name = name
        .context("`origin` names no repository at a hosting service; name it with --repository OWNER/NAME")?;
    let sources = Sources::new(Trust::default(), std::slice::from_ref(url));
    Service::new(sources.fresh()?, url, &name, SecretString::from(token))
}

/// `OWNER/NAME` of a remote's address.
fn name_of(origin: &str) -> Option<String> {
    let path = match origin.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => origin.split_once(':')?.1,
    };
    let path = path.trim_matches('/').trim_end_matches(".git");
    let mut parts = path.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_remote_says_the_name_in_each_of_its_forms() {
        for origin in [
            "https://github.com/owner/name.git",
            "https://github.com/owner/name/",
            "git@github.com:owner/name.git",
            "ssh://git@github.com:22/owner/name",
        ] {
            assert_eq!(name_of(origin).as_deref(), Some("owner/name"), "{origin}");
        }
        assert_eq!(name_of("/srv/git"), None);
    }
}
