//! A signed-in member at one client: a browser with cookies, or a program with tokens.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex;
use reqwest::Method;
use serde_json::Value;

use crate::{
    check::Ended,
    client::{Answer, Call, Client, Jar},
};

/// How a client carries its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Posture {
    /// Cookies and a CSRF token.
    Browser,
    /// `Authorization: Bearer`.
    Bearer,
}

/// A member at a client.
#[derive(Clone)]
pub(crate) struct Actor {
    client: Client,
    /// Of the deployment's own pages, whichever address is asked.
    origin: String,
    pub(crate) member_id: String,
    /// How the maker knows the member again: a test identity, an address.
    pub(crate) identity: String,
    pub(crate) posture: Posture,
    pub(crate) jar: Jar,
    tokens: Arc<Mutex<Tokens>>,
    is_removed: Arc<AtomicBool>,
}

#[derive(Clone, Default)]
struct Tokens {
    csrf: String,
    access: Option<String>,
    refresh: Option<String>,
}

impl Actor {
    /// From the answer of a sign-in.
    ///
    /// # Errors
    /// [`Ended::Error`] when the answer is not one.
    pub(crate) fn signed_in(
        client: &Client,
        identity: &str,
        posture: Posture,
        jar: Jar,
        answer: &Answer,
    ) -> Result<Self, Ended> {
        let actor = Self::new(client, &answer.text_at("/member/id")?, identity, posture, jar);
        actor.take_tokens(answer);
        Ok(actor)
    }

    /// Somebody without any token yet.
    pub(crate) fn new(client: &Client, member_id: &str, identity: &str, posture: Posture, jar: Jar) -> Self {
        Self {
            client: client.clone(),
            origin: client.base().origin().ascii_serialization(),
            member_id: member_id.to_owned(),
            identity: identity.to_owned(),
            posture,
            jar,
            tokens: Arc::default(),
            is_removed: Arc::default(),
        }
    }

    /// Notes that the deployment said that the member is gone.
    pub(crate) fn mark_removed(&self) {
        self.is_removed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.is_removed.load(Ordering::Relaxed)
    }

    /// Keeps the tokens of an answer (of a sign-in or a refresh).
    pub(crate) fn take_tokens(&self, answer: &Answer) {
        self.take(&answer.json());
    }

    /// Keeps the tokens that stand in an object.
    pub(crate) fn take(&self, body: &Value) {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut tokens = self.tokens.lock();
        if let Some(csrf) = text("csrf_token") {
            tokens.csrf = csrf;
        }
        if let Some(access) = text("access_token") {
            tokens.access = Some(access);
        }
        if let Some(refresh) = text("refresh_token") {
            tokens.refresh = Some(refresh);
        }
    }

    pub(crate) fn csrf(&self) -> String {
        self.tokens.lock().csrf.clone()
    }

    /// The access token of a bearer client.
    pub(crate) fn access_token(&self) -> String {
        self.tokens.lock().access.clone().unwrap_or_default()
    }

    /// The refresh token of a bearer client.
    pub(crate) fn refresh_token(&self) -> String {
        self.tokens.lock().refresh.clone().unwrap_or_default()
    }

    /// The same session in a thief's hands: what the thief changes, the member does not notice.
    pub(crate) fn stolen(&self) -> Self {
        Self {
            jar: self.jar.copy(),
            tokens: Arc::new(Mutex::new(self.tokens.lock().clone())),
            ..self.clone()
        }
    }

    /// The same session, asked at another address of the deployment.
    pub(crate) fn at(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A request as the deployment's own client would send it; an attack takes something away or adds something.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let is_safe = method.is_safe();
        let call = self.client.call(method, path);
        match self.posture {
            Posture::Bearer => call.header("authorization", format!("Bearer {}", self.access_token())),
            Posture::Browser => {
                let call = call.jar(&self.jar).header("sec-fetch-site", "same-origin");
                if is_safe {
                    return call;
                }
                call.header("origin", &self.origin).header("x-csrf-token", self.csrf())
            }
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Exchanges the refresh token; the answer's tokens are kept if there are any.
    pub(crate) async fn refresh(&self) -> Result<Answer, Ended> {
        let answer = self.refresh_call().send().await?;
        self.take_tokens(&answer);
        Ok(answer)
    }

    /// A request to exchange the refresh token that is held now.
    pub(crate) fn refresh_call(&self) -> Call {
        let call = self.post("/v1/auth/refresh");
        match self.posture {
            Posture::Browser => call,
            Posture::Bearer => call
                .without("authorization")
                .header("mainstay-client", "bearer")
                .json(&serde_json::json!({ "refresh_token": self.refresh_token() })),
        }
    }
}
