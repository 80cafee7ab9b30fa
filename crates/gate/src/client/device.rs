//! A browser or a program in which nobody is signed in yet: it ties the steps of a sign-in together.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::Value;

use crate::{
    check::Ended,
    client::{Answer, Call, Client, Jar},
    members::{Actor, Posture},
};

/// Something that signs in.
#[derive(Clone)]
pub(crate) struct Device {
    client: Client,
    /// The cookies of a browser.
    pub(crate) jar: Jar,
    /// The secret of a program, which keeps no cookies.
    flow: Option<String>,
}

impl Device {
    /// A browser on a page of the deployment.
    pub(crate) fn browser(client: &Client) -> Self {
        Self { client: client.clone(), jar: Jar::default(), flow: None }
    }

    /// A browser, or a program that wants tokens.
    ///
    /// # Errors
    /// [`Ended::Error`] when this machine has no randomness.
    pub(crate) fn new(client: &Client, posture: Posture) -> Result<Self, Ended> {
        let mut device = Self::browser(client);
        if posture == Posture::Bearer {
            let mut secret = [0; 32];
            aws_lc_rs::rand::fill(&mut secret).map_err(|_| Ended::error("this machine has no randomness"))?;
            device.flow = Some(URL_SAFE_NO_PAD.encode(secret));
        }
        Ok(device)
    }

    /// The browser that a member is signed in with, its session and all.
    pub(crate) fn of(member: &Actor) -> Self {
        Self { client: member.client().clone(), jar: member.jar.clone(), flow: None }
    }

    /// The origin of the pages that it is on.
    pub(crate) fn origin(&self) -> String {
        self.client.base().origin().ascii_serialization()
    }

    /// A request as the deployment's own client would send it.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let is_safe = method.is_safe();
        let call = self.client.call(method, path);
        if let Some(flow) = &self.flow {
            return call.header("mainstay-client", "bearer").header("mainstay-flow", flow);
        }
        let call = call.jar(&self.jar).header("sec-fetch-site", "same-origin");
        if is_safe { call } else { call.header("origin", self.origin()) }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// The member whom an answer signed in here.
    ///
    /// # Errors
    /// [`Ended::Error`] when it signed nobody in.
    pub(crate) fn member(&self, identity: &str, answer: &Answer) -> Result<Actor, Ended> {
        let body = answer.json();
        // A registration puts it beside the new passkey.
        let signed_in = body.get("signed_in").filter(|value| !value.is_null()).unwrap_or(&body);
        let posture = if self.flow.is_some() { Posture::Bearer } else { Posture::Browser };
        let id = signed_in.pointer("/member/id").and_then(Value::as_str);
        let id = id.ok_or_else(|| Ended::error(format!("nobody is signed in by {}", answer.said())))?;
        let actor = Actor::new(&self.client, id, identity, posture, self.jar.clone());
        actor.take(signed_in);
        Ok(actor)
    }
}
