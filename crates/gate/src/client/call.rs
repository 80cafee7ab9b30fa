//! One request, built up and sent.

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use reqwest::{
    Method, StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    check::Ended,
    client::{Client, Jar},
    evidence::{Exchange, milliseconds},
    limits, redact,
};

/// Pieces of a body that is sent without its length.
const CHUNK_BYTES: usize = 16 * 1024;

/// A request that is about to be sent.
#[must_use = "a call does nothing until it is sent"]
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Option<Bytes>,
    jar: Option<Jar>,
    purpose: Option<String>,
    is_patient: bool,
    is_kept: bool,
    is_answer_shown: bool,
    hidden: Option<String>,
    is_chunked: bool,
    fault: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) took: Duration,
}

impl Call {
    pub(super) fn new(client: Client, method: Method, path: &str) -> Self {
        Self {
            client,
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: None,
            jar: None,
            purpose: None,
            is_patient: false,
            is_kept: true,
            is_answer_shown: true,
            hidden: None,
            is_chunked: false,
            fault: None,
        }
    }

    /// Adds a header, beside others of its name.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        match (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_ref())) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            _ => self.fault = Some(format!("the header {name} can't be written")),
        }
        self
    }

    /// Adds a header whose value evidence does not show, whatever its name.
    pub(crate) fn secret_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        match (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_ref())) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.append(name, value);
            }
            _ => self.fault = Some(format!("the header {name} can't be written")),
        }
        self
    }

    /// Takes every header of a name away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn json(self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body("application/json", body),
            Err(error) => Self { fault: Some(error.to_string()), ..self },
        }
    }

    /// A body of any kind; an empty kind sends none.
    pub(crate) fn body(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.headers.remove(header::CONTENT_TYPE);
        if kind.is_empty() { self } else { self.header("content-type", kind) }
    }

    /// The same without its length in front: in chunks.
    pub(crate) fn chunked(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.is_chunked = true;
        self.body(kind, body)
    }

    /// Sends these cookies, and keeps what the answer sets.
    pub(crate) fn jar(mut self, jar: &Jar) -> Self {
        self.headers.remove(header::COOKIE);
        if let Some(cookies) = jar.header() {
            self = self.header("cookie", cookies);
        }
        self.jar = Some(jar.clone());
        self
    }

    /// Says in the evidence why it is sent.
    pub(crate) fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Waits for the quota to fill again when there are too many requests, for what is not the attack itself.
    pub(crate) fn patiently(mut self) -> Self {
        self.is_patient = true;
        self
    }

    /// Is only counted in the evidence: one of many alike.
    pub(crate) fn only_counted(mut self) -> Self {
        self.is_kept = false;
        self
    }

    /// Keeps a secret out of the evidence of the request's body, whatever the field is called.
    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        self.hidden = (!secret.is_empty()).then(|| secret.to_owned());
        self
    }

    /// Tells only the length of the answer's body in the evidence: if it is what was feared, it is full of secrets.
    pub(crate) fn without_answer_body(mut self) -> Self {
        self.is_answer_shown = false;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// [`Ended::Error`] when no answer came.
    pub(crate) async fn send(self) -> Result<Answer, Ended> {
        let until = Instant::now() + limits::PATIENCE;
        let mut is_repeated = false;
        loop {
            let answer = self.once().await?;
            if answer.is_for_silence() && !is_repeated {
                is_repeated = true;
                continue;
            }
            if let Some(jar) = &self.jar {
                jar.absorb(&answer.headers);
            }
            let is_full = answer.status == StatusCode::TOO_MANY_REQUESTS.as_u16();
            let said = answer.header("retry-after").and_then(|text| text.parse().ok());
            let wait = said.map_or(limits::RETRY_WITHOUT_WORD, Duration::from_secs);
            if !(self.is_patient && is_full && Instant::now() + wait < until) {
                return Ok(answer);
            }
            tokio::time::sleep(wait.max(Duration::from_millis(200))).await;
        }
    }

    /// Sends it and demands a status; for what is not the attack itself.
    ///
    /// # Errors
    /// [`Ended::Error`] when no answer came, or another.
    pub(crate) async fn expect(self, status: u16) -> Result<Answer, Ended> {
        let what = format!("{} {}", self.method, self.path);
        let answer = self.send().await?;
        if answer.status == status {
            return Ok(answer);
        }
        Err(Ended::error(format!(
            "{what} answered {} where {status} was expected: {}",
            answer.status,
            answer.said()
        )))
    }

    async fn once(&self) -> Result<Answer, Ended> {
        if let Some(fault) = &self.fault {
            return Err(Ended::error(fault.clone()));
        }
        let url = self.client.url(&self.path)?;
        let _place = self.client.budget.take().await?;
        let mut request =
            self.client.http.request(self.method.clone(), url.clone()).headers(self.headers.clone());
        if let Some(body) = &self.body {
            request = request.body(self.framed(body));
        }
        let started = Instant::now();
        let outcome = match request.send().await {
            Ok(response) => {
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                read(response).await.map(|body| Answer { status, headers, body, took: started.elapsed() })
            }
            Err(error) => Err(error),
        };
        if self.is_kept {
            self.client.recorder.exchange(self.exchange(url.as_str(), &outcome, started.elapsed()));
        } else {
            self.client.recorder.count(outcome.as_ref().ok().map(|answer| answer.status));
        }
        outcome.map_err(|error| {
            let error = error.without_url();
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Ended::error(format!("{} {}: {error}{cause}", self.method, self.path))
        })
    }

    fn framed(&self, body: &Bytes) -> reqwest::Body {
        if !self.is_chunked {
            return body.clone().into();
        }
        // Of a stream nobody knows the length.
        let pieces = body.chunks(CHUNK_BYTES).map(Bytes::copy_from_slice).map(Ok::<_, std::io::Error>);
        reqwest::Body::wrap_stream(stream::iter(pieces.collect::<Vec<_>>()))
    }

    fn exchange(&self, url: &str, outcome: &Result<Answer, reqwest::Error>, took: Duration) -> Exchange {
        let (answer, failure) = match outcome {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Exchange {
            purpose: self.purpose.clone(),
            method: self.method.to_string(),
            url: redact::url(url),
            request_headers: shown(&self.headers),
            request_body: self.request_excerpt(),
            status: answer.map(|answer| answer.status),
            response_headers: answer.map(|answer| shown(&answer.headers)).unwrap_or_default(),
            response_body: answer.map(|answer| self.answer_excerpt(answer)).unwrap_or_default(),
            failure,
            took_ms: milliseconds(took),
        }
    }

    fn request_excerpt(&self) -> String {
        let shown = self.body.as_deref().map(excerpt).unwrap_or_default();
        match &self.hidden {
            Some(secret) => shown.replace(secret, "…"),
            None => shown,
        }
    }

    fn answer_excerpt(&self, answer: &Answer) -> String {
        if self.is_answer_shown { excerpt(&answer.body) } else { format!("({} bytes)", answer.body.len()) }
    }
}

async fn read(mut response: reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limits::BODY_BYTES_MAX.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(body.into())
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let text = |name: &HeaderName, v: &HeaderValue| {
        let is_known = redact::is_secret_header(name.as_str());
        if v.is_sensitive() && !is_known {
            redact::tail(&value(v))
        } else {
            redact::header(name.as_str(), &value(v))
        }
    };
    headers.iter().map(|(name, v)| (name.to_string(), text(name, v))).collect()
}

fn excerpt(body: &[u8]) -> String {
    let text = redact::body(body);
    match text.char_indices().nth(limits::EVIDENCE_BODY_CHARS) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], body.len()),
        None => text,
    }
}

impl Answer {
    /// Whether it can't be about the request, but is what a server says on its own account to a connection that was opened in
    /// stock and on which it heard nothing: it crossed the request, which was not read and may be sent again (RFC 9110, 15.5.9).
    fn is_for_silence(&self) -> bool {
        self.status == StatusCode::REQUEST_TIMEOUT.as_u16()
            && self.body.is_empty()
            && self.took < limits::CROSSED_MAX
    }

    /// A header's first value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every value of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The body as JSON; nothing when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A text of the body by JSON pointer.
    ///
    /// # Errors
    /// [`Ended::Error`] when there is none.
    pub(crate) fn text_at(&self, pointer: &str) -> Result<String, Ended> {
        let value = self.json();
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| Ended::error(format!("the answer has no {pointer}: {}", self.said())))
    }

    /// The stable code of a problem (RFC 9457); empty when it is none.
    pub(crate) fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What it said, in short, for messages.
    pub(crate) fn said(&self) -> String {
        let text = redact::body(&self.body);
        text.chars().take(200).collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::{client::Budget, evidence::Recorder};

    /// What a caller hears from a server that says one of these on each connection, whatever it is asked.
    async fn heard(answers: &'static [&'static str]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                assert_ne!(socket.read(&mut [0; 1024]).await.unwrap(), 0);
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let budget = std::sync::Arc::new(Budget::new(10));
        let client = Client::new(reqwest::Client::new(), base, Recorder::default(), budget);
        let answer = client.post("/").send().await.unwrap();
        server.abort();
        answer.status
    }

    const SILENCE: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const FINE: &str = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const TOLD: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

    #[tokio::test]
    async fn a_refusal_that_crossed_the_request_is_no_answer_to_it() {
        assert_eq!(heard(&[SILENCE, FINE]).await, 201);
    }

    #[tokio::test]
    async fn a_server_that_is_never_patient_is_heard() {
        assert_eq!(heard(&[SILENCE, SILENCE, FINE]).await, 408);
    }

    #[tokio::test]
    async fn a_refusal_of_the_request_itself_is_heard() {
        assert_eq!(heard(&[TOLD, FINE]).await, 408);
    }
}
