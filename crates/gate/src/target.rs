//! The deployment under attack, as it describes itself: configuration, capabilities, OpenAPI document.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context as _, bail};
use serde_json::Value;
use url::Url;

use crate::{client::Client, scan::Stranger};

/// One deployment.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where members reach it.
    pub(crate) base: Url,
    /// Its nodes' own addresses, where they were given.
    pub(crate) nodes: Vec<Url>,
    /// `dev`, `staging` or `prod`.
    pub(crate) environment: String,
    pub(crate) version: String,
    /// What is off has its reason here.
    pub(crate) capabilities: BTreeMap<String, Option<String>>,
    /// What `GET /v1/config` said.
    pub(crate) config: Value,
    /// What `GET /v1/openapi.json` said.
    pub(crate) openapi: Value,
    /// Set when it is no Mainstay: how it was described instead.
    pub(crate) stranger: Option<Arc<Stranger>>,
}

impl Target {
    /// Asks a deployment what it is.
    ///
    /// # Errors
    /// When nothing answers there, or something that is no Mainstay; the message says what to do.
    pub(crate) async fn discover(client: &Client, nodes: Vec<Url>) -> anyhow::Result<Self> {
        let base = client.base().clone();
        let config = read(client, "/v1/config")
            .await
            .with_context(|| format!("{base} can't be attacked: is the server running there?"))?;
        let Some(environment) = config.get("environment").and_then(Value::as_str) else {
            bail!("{base} is no Mainstay; for other services there is `mainstay gate scan`");
        };
        let openapi = read(client, "/v1/openapi.json").await?;
        Ok(Self {
            base,
            nodes,
            environment: environment.to_owned(),
            version: config.get("version").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
            capabilities: capabilities(&config),
            config,
            openapi,
            stranger: None,
        })
    }

    /// Whether the conveniences of a developer's machine are off.
    pub(crate) fn is_strict(&self) -> bool {
        self.environment != "dev"
    }

    /// The reason why a capability can't be used; nothing when it can.
    pub(crate) fn why_off(&self, capability: &str) -> Option<String> {
        match self.capabilities.get(capability) {
            Some(None) => None,
            Some(Some(reason)) => Some(reason.clone()),
            None => Some("the deployment does not know it".to_owned()),
        }
    }

    /// A service that is not Mainstay, as it was described; it says nothing of itself.
    pub(crate) fn stranger(base: &Url, stranger: Stranger) -> Self {
        Self {
            base: base.clone(),
            nodes: Vec::new(),
            environment: stranger.file.environment.clone(),
            version: String::new(),
            capabilities: BTreeMap::new(),
            config: Value::Null,
            openapi: Value::Null,
            stranger: Some(Arc::new(stranger)),
        }
    }

    /// Why a check was left out by whoever described the service.
    pub(crate) fn why_left_out(&self, check: &str) -> Option<&str> {
        self.stranger.as_ref()?.file.leave_out.get(check).map(String::as_str)
    }

    /// What browsers call the origin of the deployment's own pages.
    pub(crate) fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }
}

async fn read(client: &Client, path: &str) -> anyhow::Result<Value> {
    match client.get(path).patiently().send().await {
        Ok(answer) if answer.status == 200 => Ok(answer.json()),
        Ok(answer) => bail!("{path} answered {}", answer.status),
        Err(ended) => bail!("{ended:?}"),
    }
}

fn capabilities(config: &Value) -> BTreeMap<String, Option<String>> {
    let Some(map) = config.get("capabilities").and_then(Value::as_object) else { return BTreeMap::new() };
    let reason = |state: &Value| {
        let is_on = state.get("enabled").and_then(Value::as_bool) == Some(true);
        (!is_on).then(|| state.get("reason").and_then(Value::as_str).unwrap_or("no reason given").to_owned())
    };
    map.iter().map(|(name, state)| (name.clone(), reason(state))).collect()
}
