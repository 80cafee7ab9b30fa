//! Clients. A browser keeps cookies by their rules, says where its page is from, and sends the token it was told; a native app
//! keeps bearer tokens. Whatever a test adds to a request comes last.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard},
};

use reqwest::{Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

use super::TEST_AUTH;

/// One client.
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    /// The origin of the page; none for native apps.
    origin: Option<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Value and path by name.
    cookies: BTreeMap<String, (String, String)>,
    csrf_token: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The problem's code.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        self.json()["code"].as_str().expect("a code").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("ASCII")).collect()
    }

    /// The one cookie that is set under a name.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        self.set_cookies().into_iter().find(|cookie| cookie.starts_with(&format!("{name}=")))
    }

    /// The one cookie of a flow that is set; its name has a random end.
    pub(crate) fn set_flow_cookie(&self, start: &str) -> Option<&str> {
        self.set_cookies().into_iter().find(|cookie| cookie.starts_with(&format!("{start}_")))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.code(), code, "{}", reply.text());
        reply
    }
}

impl Client {
    pub(super) fn browser(address: SocketAddr, origin: &str) -> Self {
        Self { origin: Some(origin.to_owned()), ..Self::native(address) }
    }

    pub(super) fn native(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        Self { http, address, origin: None, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// A request as the client sends it by itself.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let is_safe = method == Method::GET || method == Method::HEAD;
        let mut request = self.http.request(method, format!("http://{}{path}", self.address));
        let state = self.state();
        if let Some(origin) = &self.origin {
            request = request.header("sec-fetch-site", "same-origin");
            if !is_safe {
                request = request.header("origin", origin);
                if let Some(token) = &state.csrf_token {
                    request = request.header("x-csrf-token", token);
                }
            }
            if let Some(cookies) = cookie_header(&state, path) {
                request = request.header("cookie", cookies);
            }
        } else if let Some(token) = &state.access_token {
            request = request.bearer_auth(token);
        }
        request
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let reply = Reply { status, headers, bytes: response.bytes().await.expect("a body").to_vec() };
        self.learn(&reply);
        reply
    }

    fn learn(&self, reply: &Reply) {
        let mut state = self.state();
        if self.origin.is_some() {
            for cookie in reply.set_cookies() {
                keep_cookie(&mut state, cookie);
            }
        }
        let Ok(body) = serde_json::from_slice::<Value>(&reply.bytes) else { return };
        let told = |field: &str| body[field].as_str().map(str::to_owned);
        // A registration tells it one level deeper.
        let deeper = body["signed_in"]["csrf_token"].as_str().map(str::to_owned);
        if let Some(token) = told("csrf_token").or(deeper) {
            state.csrf_token = Some(token);
        }
        if let Some(token) = told("access_token") {
            state.access_token = Some(token);
            state.refresh_token = told("refresh_token");
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request("POST", path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request("PUT", path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request("PATCH", path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }

    /// Signs in by the tests' own way.
    pub(crate) async fn sign_in(&self, who: &Value) -> Value {
        let mut request =
            self.request("POST", "/v1/auth/test-login").header("x-test-auth", TEST_AUTH).json(who);
        if self.origin.is_none() {
            request = request.header("mainstay-client", "bearer");
        }
        self.send(request).await.expect(200).json()
    }

    /// Who is signed in.
    pub(crate) async fn me(&self) -> Value {
        self.get("/v1/auth/me").await.expect(200).json()
    }

    pub(crate) async fn id(&self) -> String {
        self.me().await["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.state().cookies.get(name).map(|(value, _)| value.clone())
    }

    /// Name and value of a flow's cookie as they are sent.
    pub(crate) fn flow_cookie(&self, start: &str) -> Option<String> {
        let state = self.state();
        let found = state.cookies.iter().find(|(name, _)| name.starts_with(&format!("{start}_")));
        found.map(|(name, (value, _))| format!("{name}={value}"))
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.state().cookies.insert(name.to_owned(), (value.to_owned(), "/".to_owned()));
    }

    pub(crate) fn forget_cookie(&self, name: &str) {
        self.state().cookies.remove(name);
    }

    pub(crate) fn access_token(&self) -> String {
        self.state().access_token.clone().expect("a token")
    }

    pub(crate) fn refresh_token(&self) -> String {
        self.state().refresh_token.clone().expect("a token")
    }

    pub(crate) fn csrf_token(&self) -> String {
        self.state().csrf_token.clone().expect("a token")
    }

    /// Makes a note and answers its id.
    pub(crate) async fn note(&self, text: &str) -> String {
        let note = self.post("/v1/notes", &json!({ "text": text })).await.expect(201).json();
        note["id"].as_str().expect("an id").to_owned()
    }
}

fn cookie_header(state: &State, path: &str) -> Option<String> {
    let pairs: Vec<String> = state
        .cookies
        .iter()
        .filter(|(_, (_, scope))| path.starts_with(scope.as_str()))
        .map(|(name, (value, _))| format!("{name}={value}"))
        .collect();
    if pairs.is_empty() { None } else { Some(pairs.join("; ")) }
}

fn keep_cookie(state: &mut State, text: &str) {
    let mut parts = text.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    let attributes: Vec<&str> = parts.collect();
    let path = attributes.iter().find_map(|attribute| attribute.strip_prefix("Path=")).unwrap_or("/");
    if attributes.contains(&"Max-Age=0") {
        state.cookies.remove(name);
    } else {
        state.cookies.insert(name.to_owned(), (value.to_owned(), path.to_owned()));
    }
}
