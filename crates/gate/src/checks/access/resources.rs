//! What each path parameter of the interface names, and how a member comes to have one. A parameter that has no row here is a
//! route that nobody has thought of as an attacker.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::passkey;
use crate::{check::Ended, checks::shop::Shop, members::Actor, probe::Probe};

/// Ids of one member's things, by the parameter that names them.
pub(super) struct Resources {
    ids: BTreeMap<&'static str, String>,
    /// Parameters whose things can't be made from outside; ids that nobody has stand for them.
    pub(super) stand_ins: Vec<&'static str>,
    shop: Option<Shop>,
}

impl Resources {
    /// Makes one thing of every kind for a member.
    pub(super) async fn make(probe: &Probe, owner: &Actor) -> Result<Self, Ended> {
        let mut things = Self { ids: BTreeMap::new(), stand_ins: Vec::new(), shop: None };
        let note = create(owner, "/v1/notes", json!({ "text": "nobody else's", "tags": ["own"] })).await?;
        let tenant = create(owner, "/v1/tenants", json!({ "name": "nobody else's" })).await?;
        let link = made(owner, "/v1/me/purchase-links", json!({}), "/link/id").await?;
        let passkey = passkey::register(owner).await?;
        let elsewhere = probe.again(owner).await?;
        let session = elsewhere.get("/v1/auth/me").expect(200).await?.text_at("/session/id")?;
        things.row("note_id", note);
        things.row("tenant_id", tenant);
        things.row("passkey_id", passkey);
        things.row("customer_link_id", link);
        things.row("session_id", Some(session));
        things.row("member_id", Some(owner.member_id.clone()));
        // It takes an identity provider to have a linked account, an operator to have a service key, and somebody who gives points to
        // have a transfer.
        things.row("identity_id", None);
        things.row("service_key_id", None);
        things.row("transfer_id", None);
        if probe.target.why_off("wallet").is_none() {
            things.shop = match Shop::open(probe).await {
                Err(Ended::Unanswerable(_)) => None,
                opened => Some(opened?),
            };
        }
        let redemption = match &things.shop {
            Some(shop) => Some(shop.redeemed_by(owner).await?),
            None => None,
        };
        things.row("redemption_id", redemption);
        // A back end's, by its key.
        things.row("hold_id", None);
        // An operator's alone.
        things.row("merchant_id", None);
        things.row("offer_id", None);
        things.row("webhook_endpoint_id", None);
        things.row("event_id", None);
        things.row("inbox_event_id", None);
        things.row("purchase_rule_id", None);
        // No thing of anybody's: whoever signs may send there.
        things.row("source", None);
        Ok(things)
    }

    fn row(&mut self, parameter: &'static str, id: Option<String>) {
        if id.is_none() {
            self.stand_ins.push(parameter);
        }
        self.ids.insert(parameter, id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()));
    }

    /// Whether a real thing stands behind a parameter.
    pub(super) fn is_real(&self, parameter: &str) -> bool {
        self.ids.contains_key(parameter) && !self.stand_ins.contains(&parameter)
    }

    /// Puts away what would not go with the members.
    pub(super) async fn put_away(&self) -> Result<(), Ended> {
        match &self.shop {
            Some(shop) => shop.close().await,
            None => Ok(()),
        }
    }

    /// The id that a parameter stands for; nothing where there is no row.
    pub(super) fn id(&self, parameter: &str) -> Option<&str> {
        self.ids.get(parameter).map(String::as_str)
    }
}

/// Makes a thing; nothing where its capability is off.
pub(super) async fn create(owner: &Actor, path: &str, body: Value) -> Result<Option<String>, Ended> {
    made(owner, path, body, "/id").await
}

/// The same where the id stands elsewhere in the answer.
async fn made(owner: &Actor, path: &str, body: Value, id: &str) -> Result<Option<String>, Ended> {
    let answer =
        owner.post(path).purpose("makes something of one's own").json(&body).patiently().send().await?;
    match answer.status {
        201 => answer.text_at(id).map(Some),
        503 => Ok(None),
        status => Err(Ended::error(format!("POST {path} answered {status}: {}", answer.said()))),
    }
}
