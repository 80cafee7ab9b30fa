//! Secret scanning and push protection are settings of the service; a file only says what they should be.

use serde_json::Value;

use super::Service;
use crate::{
    check::{Ended, Outcome, Priority, Reference, passed},
    repo::{Hand, RepoCheck, Run, rules::NEEDED_SETTINGS},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "service.secret-scanning",
    title: "The service scans for secrets and stops them at the push",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Asvs("13.3.1"), Reference::Cwe(798)],
    run: Run::Online(|hand, service| Box::pin(run(hand, service))),
};

async fn run(_hand: Hand, service: Service) -> Outcome {
    let repository = service.value("", "Metadata: read").await?;
    let Some(settings) = repository.get("security_and_analysis").filter(|settings| settings.is_object())
    else {
        let why = "the token may not see the security settings (it needs \"Administration: read\")";
        return Err(Ended::Unanswerable(why.to_owned()));
    };
    let is_off = |name: &&&str| {
        settings.pointer(&format!("/{name}/status")).and_then(Value::as_str) != Some("enabled")
    };
    let off = NEEDED_SETTINGS.iter().filter(is_off).copied().collect::<Vec<_>>();
    if off.is_empty() {
        return passed("both are enabled");
    }
    Err(Ended::Fail(format!("not enabled: {}", off.join(", "))))
}
