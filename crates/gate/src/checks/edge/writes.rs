//! Every request by which a member in a browser changes something, as the deployment describes them.

use reqwest::Method;
use serde_json::Value;

use crate::{
    check::Ended,
    checks::own_things::own_path,
    client::Call,
    members::Actor,
    openapi::{Admits, Operation},
    probe::Probe,
};

/// One write with the member's own ids in its path.
pub(super) struct Write {
    pub(super) name: String,
    method: Method,
    path: String,
    /// What it would change, if it were let.
    pub(super) body: Option<Value>,
}

impl Write {
    /// The request as the member's own page sends it.
    pub(super) fn call(&self, member: &Actor) -> Call {
        let call = member.call(self.method.clone(), &self.path).patiently();
        match &self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }
}

/// Every write that needs a session, whose capability is on, and that all checks together may send as often as an attack does.
pub(super) async fn of(probe: &Probe, member: &Actor, operations: &[Operation]) -> Result<Vec<Write>, Ended> {
    let mut writes = Vec::new();
    for operation in operations {
        let is_write =
            operation.method != Method::GET && matches!(operation.admits, Admits::Member | Admits::Tenant(_));
        let is_on = operation.capability.as_deref().is_none_or(|name| probe.target.why_off(name).is_none());
        if !is_write || !is_on {
            continue;
        }
        if probe.is_scarce(&operation.class) {
            probe.note(format!("{} is left out: its quota is too small from one address", operation.name()));
            continue;
        }
        writes.push(Write {
            name: operation.name(),
            method: operation.method.clone(),
            path: own_path(member, operation).await?,
            body: operation.body.clone(),
        });
    }
    if writes.is_empty() {
        return Err(Ended::error("the OpenAPI document has no write that needs a session"));
    }
    Ok(writes)
}
