//! Requests to identity providers: bounded in time and size, never redirected, repeated only if nothing was sent.

use std::{error::Error as StdError, fmt::Write, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use mainstay_services::ports::current_request_id;
use metrics::{counter, histogram};
use oauth2::{HttpRequest, HttpResponse, http};
use reqwest::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use url::Url;

use crate::{ConfigFault, Roots, config::is_loopback, limits};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The other side could not be reached, had a fault, or sent more than is taken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct OutboundError(pub(crate) String);

/// The HTTP client of one provider.
pub(crate) struct Outbound {
    provider: &'static str,
    client: reqwest::Client,
}

impl Outbound {
    /// A client for these endpoints, which were checked before.
    ///
    /// # Errors
    /// When the system's certificates can't be loaded.
    pub(crate) fn new(
        provider: &'static str,
        endpoints: &[&Url],
        roots: Option<&Roots>,
    ) -> Result<Self, ConfigFault> {
        let is_stand_in = endpoints.iter().any(|url| is_loopback(url));
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("mainstay/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(limits::PROVIDER_CONNECT_TIMEOUT)
            .timeout(limits::PROVIDER_REQUEST_TIMEOUT)
            .https_only(!is_stand_in);
        if let Some(roots) = roots {
            builder = builder.tls_certs_merge(roots.for_http()?);
        }
        if is_stand_in {
            // A proxy that the environment names is for the world outside, not for a stand-in on this machine.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            ConfigFault::new("tls", format!("no HTTP client can be made: {}", chain(&error)))
        })?;
        Ok(Self { provider, client })
    }

    /// Sends a request and reads the answer up to a bound. A status of 429 or 5xx is a failure; every other one is an answer.
    pub(crate) async fn send(
        &self,
        endpoint: &'static str,
        request: HttpRequest,
        body_bytes_max: usize,
    ) -> Result<HttpResponse, OutboundError> {
        let started = tokio::time::Instant::now();
        let deadline =
            tokio::time::timeout(limits::PROVIDER_REQUEST_TIMEOUT, self.attempt(request, body_bytes_max));
        let outcome = deadline.await.unwrap_or_else(|_| Err(OutboundError("no answer in time".to_owned())));
        let word = match &outcome {
            Ok(answer) if answer.status().is_success() => "ok",
            Ok(_) => "refused",
            Err(_) => "failed",
        };
        self.count(endpoint, word);
        histogram!("mainstay_provider_request_seconds", "provider" => self.provider, "endpoint" => endpoint)
            .record(started.elapsed().as_secs_f64());
        outcome
    }

    /// Counts a request by its outcome, also one that was not even sent.
    pub(crate) fn count(&self, endpoint: &'static str, outcome: &'static str) {
        counter!(
            "mainstay_provider_requests_total",
            "provider" => self.provider, "endpoint" => endpoint, "outcome" => outcome
        )
        .increment(1);
    }

    async fn attempt(
        &self,
        request: HttpRequest,
        body_bytes_max: usize,
    ) -> Result<HttpResponse, OutboundError> {
        let mut request =
            reqwest::Request::try_from(request).map_err(|error| OutboundError(chain(&error)))?;
        if let Some(id) = current_request_id().and_then(|id| HeaderValue::try_from(id).ok()) {
            request.headers_mut().insert(X_REQUEST_ID, id);
        }
        let send = || async {
            let copy =
                request.try_clone().ok_or_else(|| OutboundError("the request has no fixed body".into()));
            Ok::<_, OutboundError>(self.client.execute(copy?).await)
        };
        let pause = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_times(limits::PROVIDER_CONNECT_RETRIES_MAX)
            .with_jitter();
        // A code may be exchanged once only: it is sent again only if there was no connection to send it through.
        let answer = (|| async {
            match send().await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err((error.is_connect(), OutboundError(chain(&error.without_url())))),
                Err(error) => Err((false, error)),
            }
        })
        .retry(pause)
        .when(|(unsent, _)| *unsent)
        .await
        .map_err(|(_, error)| error)?;
        read(answer, body_bytes_max).await
    }
}

async fn read(mut answer: reqwest::Response, body_bytes_max: usize) -> Result<HttpResponse, OutboundError> {
    let status = answer.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(OutboundError(format!("status {status}")));
    }
    let mut whole = http::Response::new(Vec::new());
    *whole.status_mut() = status;
    *whole.headers_mut() = answer.headers().clone();
    let broken = |error: reqwest::Error| OutboundError(chain(&error.without_url()));
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if whole.body().len() + chunk.len() > body_bytes_max {
            return Err(OutboundError(format!("the answer is larger than {body_bytes_max} bytes")));
        }
        whole.body_mut().extend_from_slice(&chunk);
    }
    Ok(whole)
}

/// An error with all its causes: the first one alone says little ("error sending request").
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
