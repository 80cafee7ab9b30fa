//! A lying proxy on the loopback. It passes every request on from the address it came from, and changes the answers. Without a lie,
//! and for lies about requests, it passes on bytes: what no proxy should touch must get through as it is.

mod pipe;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client,
    header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

use crate::{check::Tamper, limits};

/// The proxy; it ends with this value.
pub(super) struct Front(JoinHandle<()>);

struct Relay {
    upstream: SocketAddr,
    tamper: Tamper,
}

impl Front {
    /// Listens before a server.
    pub(super) fn start(listener: TcpListener, upstream_port: u16, tamper: Option<Tamper>) -> Self {
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, upstream_port));
        let tamper = match tamper {
            None => return Self(tokio::spawn(pipe::run(listener, upstream, None))),
            Some(Tamper::StripRequestHeader(name)) => {
                return Self(tokio::spawn(pipe::run(listener, upstream, Some(name))));
            }
            Some(tamper) => tamper,
        };
        let relay = Arc::new(Relay { upstream, tamper });
        Self(tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let relay = Arc::clone(&relay);
                let service = service_fn(move |request| {
                    let relay = Arc::clone(&relay);
                    async move { Ok::<_, std::convert::Infallible>(relay.answer(peer.ip(), request).await) }
                });
                // A connection that breaks off is its client's affair.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        }))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Relay {
    async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let mut answer = match self.pass_on(peer, request).await {
            Ok(answer) => answer,
            Err(error) => {
                let mut answer = Response::new(Bytes::from(format!("the front can't pass it on: {error:#}")));
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                return answer.map(Full::new);
            }
        };
        change(&mut answer, self.tamper);
        answer.map(Full::new)
    }

    async fn pass_on(&self, peer: IpAddr, request: Request<Incoming>) -> anyhow::Result<Response<Bytes>> {
        let stream = connect(peer, self.upstream).await?;
        let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let (mut parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, limits::FRONT_BODY_BYTES_MAX).collect().await;
        connection.abort();
        let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
        // The body is whole now and may be changed; its length is told anew.
        parts.headers.remove(TRANSFER_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
        Ok(Response::from_parts(parts, body))
    }
}

/// Connects from the address that asked, so that the server still tells its clients apart.
async fn connect(peer: IpAddr, upstream: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((peer, 0))).context("the client's address is not of this machine")?;
    Ok(socket.connect(upstream).await?)
}

fn change(answer: &mut Response<Bytes>, tamper: Tamper) {
    let headers = answer.headers_mut();
    match tamper {
        Tamper::RemoveHeader(name) => {
            headers.remove(name);
        }
        Tamper::SetHeader(name, value) => {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Tamper::InHeader(name, old, new) => {
            let changed: Vec<_> =
                headers.get_all(name).iter().map(|value| replaced(value, old, new)).collect();
            headers.remove(name);
            for value in changed {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        Tamper::InBody(old, new) => {
            if let Ok(text) = std::str::from_utf8(answer.body())
                && text.contains(old)
            {
                *answer.body_mut() = Bytes::from(text.replace(old, new));
            }
        }
        Tamper::StripRequestHeader(_) => {}
    }
}

fn replaced(value: &HeaderValue, old: &str, new: &str) -> HeaderValue {
    let text = String::from_utf8_lossy(value.as_bytes()).replace(old, new);
    HeaderValue::try_from(text).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(tamper: Tamper) -> Response<Bytes> {
        let answer = Response::builder().header("vary", "Origin").header("set-cookie", "a=b; HttpOnly");
        let mut answer = answer.header("set-cookie", "c=d; HttpOnly").body(Bytes::from("{\"a\":1}")).unwrap();
        change(&mut answer, tamper);
        answer
    }

    #[test]
    fn each_lie_changes_what_it_is_about() {
        assert!(!changed(Tamper::RemoveHeader("vary")).headers().contains_key("vary"));
        assert_eq!(changed(Tamper::SetHeader("vary", "*")).headers()["vary"], "*");
        let answer = changed(Tamper::InHeader("set-cookie", "; HttpOnly", ""));
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=b", "c=d"]);
        assert_eq!(changed(Tamper::InBody("1", "2")).body(), "{\"a\":2}");
    }
}
