//! Sends requests as an attacker would: every header as given, no redirect followed, no cookie kept unless an actor keeps it.
//!
//! Every exchange is written into the check's evidence, and counts against the run's budget.

mod budget;
mod call;
mod device;
mod jar;
mod raw;
mod source;

pub(crate) use self::{
    budget::Budget,
    call::{Answer, Call},
    device::Device,
    jar::Jar,
    raw::{Heard, Plug, Raw},
    source::{Sources, Trust},
};

use std::sync::Arc;

use reqwest::Method;
use url::Url;

use crate::{check::Ended, evidence::Recorder};

/// A client of one check: its own client address where the target is on this machine, its own evidence.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    recorder: Recorder,
    budget: Arc<Budget>,
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, base: Url, recorder: Recorder, budget: Arc<Budget>) -> Self {
        Self { http, base, recorder, budget }
    }

    /// The same at another address of the deployment.
    pub(crate) fn at(&self, base: &Url) -> Self {
        Self { base: base.clone(), ..self.clone() }
    }

    /// The same through another HTTP client: from another address.
    pub(crate) fn with(&self, http: reqwest::Client) -> Self {
        Self { http, ..self.clone() }
    }

    /// The same evidence and budget for connections without an HTTP client.
    pub(crate) fn raw(&self, plug: Plug) -> Raw {
        Raw::new(plug, self.recorder.clone(), Arc::clone(&self.budget))
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// A request to a path of the deployment, or to a whole URL of it.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.clone(), method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    fn url(&self, path: &str) -> Result<Url, Ended> {
        let joined = self.base.join(path).map_err(|error| Ended::error(format!("{path}: {error}")))?;
        // The gate attacks what it was told to attack and nothing else, whatever an answer says.
        if joined.origin() != self.base.origin() {
            return Err(Ended::error(format!("{joined} is not part of {}", self.base)));
        }
        Ok(joined)
    }
}
