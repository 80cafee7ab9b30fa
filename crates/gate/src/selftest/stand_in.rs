//! What stands in for the identity providers' addresses on the loopback: a key set with a key that signs nothing,
//! and no for every code. It is there so that a server has its providers configured and what is sent to it is refused for what it is, not for want of the provider.

use std::{convert::Infallible, net::Ipv4Addr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use crate::forge::Rs256Key;

/// The stand-in; it ends with this value.
pub(super) struct StandIn {
    base: Url,
    task: JoinHandle<()>,
}

impl StandIn {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
        let keys = Bytes::from(key_set()?);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that breaks off is its client's affair.
                let keys = keys.clone();
                let service = service_fn(move |request| answer(request, keys.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { base, task })
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn key_set() -> anyhow::Result<String> {
    let key = Rs256Key::new().map_err(|ended| anyhow::anyhow!("{ended:?}"))?;
    let mut key = key.jwk();
    for (name, value) in [("kid", "stand-in"), ("alg", "RS256"), ("use", "sig")] {
        key[name] = value.into();
    }
    Ok(serde_json::json!({ "keys": [key] }).to_string())
}

async fn answer(request: Request<Incoming>, keys: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    if request.uri().path() == "/jwks" {
        *response.body_mut() = Full::new(keys);
    } else if request.uri().path() == "/token" {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        *response.body_mut() = Full::from("{\"error\":\"invalid_grant\"}");
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}
