//! What each path parameter of the interface names, and how a member comes to have one. A parameter that has no row here is a
//! route that nobody has thought of as an attacker.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::passkey;
use crate::{check::Ended, members::Actor, probe::Probe};

/// Ids of one member's things, by the parameter that names them.
pub(super) struct Resources {
    ids: BTreeMap<&'static str, String>,
    /// Parameters whose things can't be made from outside; ids that nobody has stand for them.
    pub(super) stand_ins: Vec<&'static str>,
}

impl Resources {
    /// Makes one thing of every kind for a member.
    pub(super) async fn make(probe: &Probe, owner: &Actor) -> Result<Self, Ended> {
        let mut made = Self { ids: BTreeMap::new(), stand_ins: Vec::new() };
        let note = create(owner, "/v1/notes", json!({ "text": "nobody else's", "tags": ["own"] })).await?;
        let tenant = create(owner, "/v1/tenants", json!({ "name": "nobody else's" })).await?;
        let passkey = passkey::register(owner).await?;
        let elsewhere = probe.again(owner).await?;
        let session = elsewhere.get("/v1/auth/me").expect(200).await?.text_at("/session/id")?;
        made.row("note_id", note);
        made.row("tenant_id", tenant);
        made.row("passkey_id", passkey);
        made.row("session_id", Some(session));
        made.row("member_id", Some(owner.member_id.clone()));
        // It takes an identity provider to have a linked account, an operator to have a service key, and somebody who gives points to
        // have a transfer.
        made.row("identity_id", None);
        made.row("service_key_id", None);
        made.row("transfer_id", None);
        // An operator's alone.
        made.row("webhook_endpoint_id", None);
        made.row("event_id", None);
        Ok(made)
    }

    fn row(&mut self, parameter: &'static str, id: Option<String>) {
        if id.is_none() {
            self.stand_ins.push(parameter);
        }
        self.ids.insert(parameter, id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()));
    }

    /// The id that a parameter stands for; nothing where there is no row.
    pub(super) fn id(&self, parameter: &str) -> Option<&str> {
        self.ids.get(parameter).map(String::as_str)
    }
}

/// Makes a thing; nothing where its capability is off.
pub(super) async fn create(owner: &Actor, path: &str, body: Value) -> Result<Option<String>, Ended> {
    let answer =
        owner.post(path).purpose("makes something of one's own").json(&body).patiently().send().await?;
    match answer.status {
        201 => answer.text_at("/id").map(Some),
        503 => Ok(None),
        status => Err(Ended::error(format!("POST {path} answered {status}: {}", answer.said()))),
    }
}
