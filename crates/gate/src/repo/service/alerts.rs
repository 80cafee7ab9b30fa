//! What the service has already found and nobody has dealt with.

use serde_json::Value;

use super::Service;
use crate::{
    check::{Ended, Outcome, Priority, Reference, passed},
    repo::{Hand, RepoCheck, Run},
};

pub(super) static SECRETS: RepoCheck = RepoCheck {
    id: "service.secret-alerts",
    title: "No secret that the service found is still open",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Asvs("13.3.1"), Reference::Cwe(798)],
    run: Run::Online(|hand, service| Box::pin(secrets(hand, service))),
};

pub(super) static DEPENDENCIES: RepoCheck = RepoCheck {
    id: "service.dependency-alerts",
    title: "Dependencies are watched, and no high or critical advisory is open",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Scorecard("Vulnerabilities"), Reference::Asvs("15.2.1"), Reference::Cwe(1395)],
    run: Run::Online(|hand, service| Box::pin(dependencies(hand, service))),
};

async fn secrets(_hand: Hand, service: Service) -> Outcome {
    // The alerts have the secrets in them unless one asks not to see them.
    let path = "secret-scanning/alerts?state=open&per_page=100&hide_secret=true";
    let open = service.list(path, "Secret scanning alerts: read").await?;
    if open.is_empty() {
        return passed("none is open");
    }
    let kinds = open.iter().filter_map(|alert| alert.get("secret_type_display_name")?.as_str());
    let kinds = kinds.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
    Err(Ended::Fail(format!("{} open: {kinds}", open.len())))
}

async fn dependencies(_hand: Hand, service: Service) -> Outcome {
    let watched = service.ask("vulnerability-alerts").await?;
    match watched.status {
        204 => {}
        404 => {
            return Err(Ended::Fail(
                "the service does not watch dependencies (Dependabot alerts are off)".to_owned(),
            ));
        }
        403 => {
            let why =
                "the token may not see whether dependencies are watched (it needs \"Administration: read\")";
            return Err(Ended::Unanswerable(why.to_owned()));
        }
        status => {
            return Err(Ended::error(format!("vulnerability-alerts answered {status}: {}", watched.said())));
        }
    }
    let path = "dependabot/alerts?state=open&severity=high,critical&per_page=100";
    let open = service.list(path, "Dependabot alerts: read").await?;
    if open.is_empty() {
        return passed("watched, and none is open");
    }
    let told = open.iter().map(|alert| {
        let text = |pointer: &str| alert.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
        format!("{} ({})", text("/dependency/package/name"), text("/security_advisory/ghsa_id"))
    });
    Err(Ended::Fail(format!("{} open: {}", open.len(), told.collect::<Vec<_>>().join(", "))))
}
