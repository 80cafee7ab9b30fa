//! Connections on which every byte is as the attack wants it: half a header, two lengths, one byte a second.

use std::{io, net::IpAddr, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use rustls_platform_verifier::Verifier;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpSocket,
    time::{Instant, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};
use url::Url;

use crate::{
    check::Ended,
    client::{Budget, source::Trust},
    evidence::{Exchange, Recorder, milliseconds},
    limits, redact,
};

/// Where connections go, and how.
#[derive(Clone)]
pub(crate) struct Plug {
    host: String,
    port: u16,
    address: Option<SocketAddr>,
    source: Option<IpAddr>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Plug {
    pub(super) fn new(
        base: &Url,
        address: Option<SocketAddr>,
        source: Option<IpAddr>,
        trust: &Trust,
    ) -> anyhow::Result<Self> {
        let host = base.host_str().context("the address has no host")?.to_owned();
        let port = base.port_or_known_default().context("the address has no port")?;
        let tls = match base.scheme() {
            "https" => Some((connector(trust)?, ServerName::try_from(host.clone())?)),
            _ => None,
        };
        Ok(Self { host, port, address, source, tls })
    }

    /// What `Host` says.
    fn authority(&self) -> String {
        let is_usual = matches!((self.port, self.tls.is_some()), (80, false) | (443, true));
        if is_usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let address = match self.address {
            Some(address) => address,
            None => tokio::net::lookup_host((self.host.as_str(), self.port))
                .await?
                .next()
                .ok_or_else(|| io::Error::other("the host has no address"))?,
        };
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = self.source {
            socket.bind(SocketAddr::from((source, 0)))?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some((connector, name)) => Box::new(connector.connect(name.clone(), stream).await?),
        })
    }
}

fn connector(trust: &Trust) -> anyhow::Result<TlsConnector> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let extra = CertificateDer::pem_slice_iter(trust.pem()).collect::<Result<Vec<_>, _>>()?;
    // The platform's own judgement of certificates, and the given authorities: no less strict than the HTTP client.
    let verifier = Arc::new(Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections for one check.
#[derive(Clone)]
pub(crate) struct Raw {
    plug: Plug,
    recorder: Recorder,
    budget: Arc<Budget>,
}

/// An open connection.
pub(crate) struct Wire(Box<dyn Stream>);

/// What came back on a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    /// Whether the other side ended the connection.
    pub(crate) is_closed: bool,
    pub(crate) took: Duration,
}

impl Raw {
    pub(super) fn new(plug: Plug, recorder: Recorder, budget: Arc<Budget>) -> Self {
        Self { plug, recorder, budget }
    }

    /// What `Host` says.
    pub(crate) fn authority(&self) -> String {
        self.plug.authority()
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Ended::Error`] when nobody answers.
    pub(crate) async fn open(&self) -> Result<Wire, Ended> {
        let _place = self.budget.take().await?;
        let failed = |error: String| Ended::error(format!("can't connect to {}: {error}", self.authority()));
        match timeout(limits::ANSWER_TIME_MAX, self.plug.connect()).await {
            Ok(Ok(stream)) => Ok(Wire(stream)),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed("no answer in time".to_owned())),
        }
    }

    /// Sends bytes on a connection of their own and listens until the other side closes or is silent for so long.
    ///
    /// # Errors
    /// [`Ended::Error`] when nobody answers.
    pub(crate) async fn exchange(
        &self,
        purpose: &str,
        bytes: &[u8],
        silence: Duration,
    ) -> Result<Heard, Ended> {
        let mut wire = self.open().await?;
        // An answer may come, and the connection end, before all was sent.
        let _ = timeout(limits::ANSWER_TIME_MAX, wire.send(bytes)).await;
        let heard = wire.listen(silence).await;
        self.record(purpose, bytes, &heard);
        Ok(heard)
    }

    /// Writes an exchange into the evidence.
    pub(crate) fn record(&self, purpose: &str, sent: &[u8], heard: &Heard) {
        let excerpt = |bytes: &[u8]| {
            let text = redact::text(&String::from_utf8_lossy(bytes)).into_owned();
            match text.char_indices().nth(limits::EVIDENCE_BODY_CHARS) {
                Some((end, _)) => format!("{}… ({} bytes)", &text[..end], bytes.len()),
                None => text,
            }
        };
        self.recorder.exchange(Exchange {
            purpose: Some(purpose.to_owned()),
            method: "raw".to_owned(),
            url: self.authority(),
            request_headers: Vec::new(),
            request_body: excerpt(sent),
            status: heard.status(),
            response_headers: Vec::new(),
            response_body: excerpt(&heard.bytes),
            failure: heard
                .bytes
                .is_empty()
                .then(|| if heard.is_closed { "closed without a word" } else { "silence" }.to_owned()),
            took_ms: milliseconds(heard.took),
        });
    }
}

impl Wire {
    /// Sends bytes.
    ///
    /// # Errors
    /// When the other side does not listen any more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Listens until the other side closes or is silent for so long.
    pub(crate) async fn listen(&mut self, silence: Duration) -> Heard {
        let started = Instant::now();
        let mut heard = Heard::default();
        let mut buffer = vec![0; 16 * 1024];
        while heard.bytes.len() < limits::BODY_BYTES_MAX {
            match timeout(silence, self.0.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => {
                    heard.is_closed = true;
                    break;
                }
                Ok(Ok(count)) => heard.bytes.extend_from_slice(&buffer[..count]),
                Err(_) => break,
            }
        }
        heard.took = started.elapsed();
        heard
    }
}

impl Heard {
    /// The status of the first answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.statuses().first().copied()
    }

    /// The statuses of all answers on the connection.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        let text = String::from_utf8_lossy(&self.bytes);
        let after = |piece: &str| piece.get(2..5).and_then(|digits| digits.parse().ok());
        // Bodies of this interface are JSON and can't begin a line like that.
        text.split("HTTP/1.").skip(1).filter_map(after).collect()
    }

    /// A header of the first answer.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// What follows the head of the first answer.
    pub(crate) fn body(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_on_a_connection_is_seen() {
        let bytes = b"HTTP/1.1 400 Bad Request\r\nX-A: b\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n".to_vec();
        let heard = Heard { bytes, ..Heard::default() };
        assert_eq!(heard.statuses(), [400, 200]);
        assert_eq!(heard.header("x-a").as_deref(), Some("b"));
        assert!(heard.body().starts_with("{}"));
        assert_eq!(Heard::default().status(), None);
    }
}
