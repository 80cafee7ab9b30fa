//! One of the two members of a target file, signed in: with a token, with cookies, or both.

use reqwest::Method;
use serde_json::Value;

use super::{
    cookie::SetCookie,
    fill::{self, Values},
    target_file::{Csrf, Request, TargetFile},
};
use crate::{
    check::Ended,
    client::{Answer, Call, Client, Jar},
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    A,
    B,
}

impl Who {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::A => "members.a",
            Self::B => "members.b",
        }
    }
}

/// How a party's requests say whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Token,
    Cookies,
}

/// A member at a client.
#[derive(Clone)]
pub(crate) struct Party {
    client: Client,
    pub(crate) who: Who,
    pub(crate) identity: String,
    /// What `me` says; empty where the target file has none.
    pub(crate) member_id: String,
    pub(crate) token: Option<String>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) jar: Jar,
    /// The cookies of the sign-in, with their attributes.
    pub(crate) cookies: Vec<SetCookie>,
    pub(crate) carrier: Carrier,
    token_use: (String, String),
    csrf: Option<Csrf>,
    csrf_token: Option<String>,
}

impl Party {
    /// With a token that was given.
    pub(crate) fn with_token(client: &Client, who: Who, file: &TargetFile, token: String) -> Self {
        Self {
            client: client.clone(),
            who,
            identity: String::new(),
            member_id: String::new(),
            token: Some(token),
            refresh_token: None,
            jar: Jar::default(),
            cookies: Vec::new(),
            carrier: Carrier::Token,
            token_use: (file.token.header.clone(), file.token.prefix.clone()),
            csrf: file.csrf.clone(),
            csrf_token: None,
        }
    }

    /// From the answer of a sign-in.
    ///
    /// # Errors
    /// [`Ended::Error`] when the answer holds no session where the target file says that it is.
    pub(crate) fn signed_in(
        client: &Client,
        who: Who,
        file: &TargetFile,
        identity: &str,
        answer: &Answer,
    ) -> Result<Self, Ended> {
        let missing = |what: &str| Ended::error(format!("{} signed in, but {what}", who.name()));
        let mut party = Self::with_token(client, who, file, String::new());
        identity.clone_into(&mut party.identity);
        party.token = None;
        let Some(sign_in) = &file.sign_in else { return Err(missing("there is no [sign_in]")) };
        let body = answer.json();
        let at = |pointer: &String| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if let Some(pointer) = &sign_in.token {
            let token = at(pointer)
                .ok_or_else(|| missing(&format!("the answer has no text at sign_in.token = {pointer}")))?;
            party.token = Some(token);
        }
        if let Some(pointer) = &sign_in.refresh_token {
            let token = at(pointer).ok_or_else(|| {
                missing(&format!("the answer has no text at sign_in.refresh_token = {pointer}"))
            })?;
            party.refresh_token = Some(token);
        }
        party.jar.absorb(&answer.headers);
        party.cookies = SetCookie::all(answer);
        if sign_in.cookies && party.cookies.is_empty() {
            return Err(missing("the answer sets no cookie, though sign_in.cookies = true"));
        }
        party.csrf_token = file.csrf.as_ref().and_then(|csrf| csrf.pointer.as_ref()).and_then(at);
        if party.token.is_none() {
            party.carrier = Carrier::Cookies;
        }
        Ok(party)
    }

    /// The same member at another client, with cookies of its own.
    pub(crate) fn at(&self, client: &Client) -> Self {
        Self { client: client.clone(), jar: self.jar.copy(), ..self.clone() }
    }

    /// The same session by another carrier.
    pub(crate) fn by(&self, carrier: Carrier) -> Self {
        Self { carrier, ..self.clone() }
    }

    /// The same with another token.
    pub(crate) fn with(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), carrier: Carrier::Token, ..self.clone() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A request as the service's own client would send it.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let is_safe = method.is_safe();
        let call = self.client.call(method, path);
        if let (Carrier::Token, Some(token)) = (self.carrier, &self.token) {
            let (header, prefix) = &self.token_use;
            return call.secret_header(header, format!("{prefix}{token}"));
        }
        let call = call.jar(&self.jar).header("sec-fetch-site", "same-origin");
        if is_safe {
            return call;
        }
        let call = call.header("origin", self.client.base().origin().ascii_serialization());
        match (&self.csrf, self.csrf_value()) {
            (Some(csrf), Some(token)) => call.secret_header(&csrf.header, token),
            _ => call,
        }
    }

    fn csrf_value(&self) -> Option<String> {
        let cookie = self.csrf.as_ref()?.cookie.as_ref();
        cookie
            .and_then(|name| self.jar.ending_with(name))
            .map(|(_, value)| value)
            .or_else(|| self.csrf_token.clone())
    }

    /// Whether a cookie is the one that scripts read to prove that a request is the page's own.
    pub(crate) fn is_csrf_cookie(&self, name: &str) -> bool {
        self.csrf.as_ref().and_then(|csrf| csrf.cookie.as_deref()) == Some(name)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A request of the target file.
    pub(crate) fn request(&self, request: &Request, more: &[(&'static str, &str)]) -> Result<Call, Ended> {
        let values = self.values(more);
        let call = self.call(fill::method(request)?, &fill::text(&request.path, &values));
        Ok(fill::onto(call, request, &values))
    }

    /// What this party's placeholders stand for.
    pub(crate) fn values<'a>(&'a self, more: &[(&'static str, &'a str)]) -> Values<'a> {
        let mut values = Values::from([
            ("identity", self.identity.as_str()),
            ("member_id", self.member_id.as_str()),
            ("refresh_token", self.refresh_token.as_deref().unwrap_or_default()),
        ]);
        values.extend(more.iter().copied());
        values
    }
}
