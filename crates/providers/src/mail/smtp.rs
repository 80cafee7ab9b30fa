//! Mail through a server (RFC 5321), encrypted on the way there.

use std::sync::Arc;

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        self, PoolConfig,
        client::{Tls, TlsParameters},
    },
};
use mainstay_services::ports::{Clock, Mail, MailError, Mailer, Random};
use metrics::counter;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::Url;

use super::message::Composer;
use crate::{ConfigFault, Roots, config::is_loopback, limits, outbound::chain};

/// Settings of the mail server.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// `smtps://name:password@host:465` (TLS from the start) or `smtp://name:password@host:587` (STARTTLS, demanded).
    pub url: SecretString,
    /// Sender, like `Mainstay <no-reply@example.org>`.
    pub from: String,
    /// Allows `smtp://` without encryption to this very machine, for a stand-in.
    pub allow_loopback_plaintext: bool,
    /// Authorities beside the public ones.
    pub roots: Option<Roots>,
}

/// Sends through a mail server. Connections are kept and used again.
pub struct SmtpMailer {
    composer: Composer,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpMailer {
    /// From checked settings. Connects when the first mail goes out. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// The first setting that can't be used.
    pub fn new(
        config: &SmtpConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigFault> {
        let url = connection_url(config)?;
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).map_err(|_| url_fault())?;
        if let Some(tls) = with_roots(config, &url)? {
            transport = transport.tls(tls);
        }
        let transport = transport
            .timeout(Some(limits::SMTP_COMMAND_TIMEOUT))
            .pool_config(PoolConfig::new().max_size(limits::SMTP_CONNECTIONS_MAX))
            .build();
        Ok(Self { composer: Composer::new(&config.from, clock, random)?, transport })
    }
}

/// What the library makes of the URL, with authorities of our own; nothing where those say nothing.
fn with_roots(config: &SmtpConfig, url: &Url) -> Result<Option<Tls>, ConfigFault> {
    let Some(roots) = &config.roots else { return Ok(None) };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let parameters = TlsParameters::builder(host)
        .add_root_certificate(roots.for_smtp()?)
        .build()
        .map_err(|error| ConfigFault::new("roots", chain(&error)))?;
    Ok(match (url.scheme(), url.query()) {
        ("smtps", _) => Some(Tls::Wrapper(parameters)),
        (_, Some(_)) => Some(Tls::Required(parameters)),
        // Plain text to this very machine.
        _ => None,
    })
}

fn url_fault() -> ConfigFault {
    ConfigFault::new("url", "must be like smtps://name:password@host:465 or smtp://name:password@host:587")
}

/// The URL with the encryption spelled out that the library would else leave to the server.
fn connection_url(config: &SmtpConfig) -> Result<Url, ConfigFault> {
    let mut url: Url = config.url.expose_secret().parse().map_err(|_| url_fault())?;
    let has_password = url.password().is_some();
    let is_plain = url.query().is_none() && url.fragment().is_none() && matches!(url.path(), "" | "/");
    if url.host_str().is_none_or(str::is_empty) || !is_plain || url.username().is_empty() == has_password {
        return Err(url_fault());
    }
    match url.scheme() {
        "smtp" if config.allow_loopback_plaintext && is_loopback_host(&url) => {}
        "smtp" => url.set_query(Some("tls=required")),
        "smtps" => {}
        _ => return Err(url_fault()),
    }
    Ok(url)
}

/// The `url` crate reads hosts of schemes that it does not know as opaque text; as http it knows addresses from names.
fn is_loopback_host(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    format!("http://{host}/").parse::<Url>().is_ok_and(|url| is_loopback(&url))
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let outcome = match self.composer.compose(mail) {
            Ok(message) => match timeout(limits::SMTP_MAIL_TIMEOUT, self.transport.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(classify(&error)),
                Err(_) => Err(MailError::Temporary("no answer in time".to_owned())),
            },
            Err(error) => Err(error),
        };
        let word = match &outcome {
            Ok(()) => "sent",
            Err(MailError::Temporary(_)) => "temporary",
            Err(MailError::Permanent(_)) => "permanent",
        };
        counter!("mainstay_mail_total", "outcome" => word).increment(1);
        outcome
    }
}

/// Only a server's final no to this very mail is permanent. A refused sign-in (RFC 4954, 6) is our configuration's fault: the
/// mail can go once that is right.
fn classify(error: &smtp::Error) -> MailError {
    let code = error.status().map(u16::from);
    // The server's own words may repeat the recipient's address, so only its code is kept.
    let reason = match code {
        Some(code) => format!("the server said {code}"),
        None => chain(error),
    };
    let is_sign_in = matches!(code, Some(530 | 534 | 535 | 538));
    if error.is_permanent() && !is_sign_in {
        MailError::Permanent(reason)
    } else {
        MailError::Temporary(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str, allow_loopback_plaintext: bool) -> Option<String> {
        let config = SmtpConfig {
            url: text.to_owned().into(),
            from: "a@example.org".into(),
            allow_loopback_plaintext,
            roots: None,
        };
        connection_url(&config).ok().map(Into::into)
    }

    #[test]
    fn nothing_leaves_this_machine_unencrypted() {
        assert_eq!(url("smtps://a:b@mx.example.org", false).as_deref(), Some("smtps://a:b@mx.example.org"));
        let demanded = Some("smtp://mx.example.org:587?tls=required");
        assert_eq!(url("smtp://mx.example.org:587", true).as_deref(), demanded);
        assert_eq!(url("smtp://127.0.0.1:25", true).as_deref(), Some("smtp://127.0.0.1:25"));
        assert_eq!(url("smtp://127.0.0.1:25", false).as_deref(), Some("smtp://127.0.0.1:25?tls=required"));
        assert_eq!(url("smtp://localhost:25", true).as_deref(), Some("smtp://localhost:25"));
        for wrong in [
            "",
            "mx.example.org",
            "http://mx.example.org",
            "smtp://mx.example.org?tls=opportunistic",
            "smtp://name@mx.example.org",
            "smtp://:password@mx.example.org",
            "smtp:///x",
        ] {
            assert_eq!(url(wrong, true), None, "{wrong}");
        }
    }
}
