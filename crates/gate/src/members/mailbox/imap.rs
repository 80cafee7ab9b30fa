//! A mailbox behind IMAP (RFC 9051), encrypted outside of this machine. Mails are looked at and left unread.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use async_imap::Session;
use futures::TryStreamExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Mutex,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};
use url::{Host, Url};

use super::{Found, Mail, Mailbox, by_pattern};
use crate::{check::Ended, limits};

const PORT_TLS: u16 = 993;
const PORT_PLAIN: u16 = 143;

/// A connection, encrypted or not.
trait Line: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Line for T {}

/// A mailbox on a server.
pub(crate) struct Imap {
    place: Place,
    password: SecretString,
    pattern: String,
    roots: RootCertStore,
    /// The connection; none after it broke.
    session: Mutex<Option<Session<Box<dyn Line>>>>,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    /// Mails from here on are this run's.
    first_uid: u32,
    /// By their number; none for what is no mail.
    mails: BTreeMap<u32, Option<Mail>>,
}

/// Where the mailbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: u16,
    is_encrypted: bool,
    user: String,
    folder: String,
}

impl Place {
    /// `imaps://user@host:993/INBOX`, or `imap://` on this machine.
    fn parse(url: &Url) -> anyhow::Result<Self> {
        let is_encrypted = match url.scheme() {
            "imaps" => true,
            "imap" if is_loopback(url) => false,
            "imap" => bail!("outside of this machine a mailbox is read encrypted: write imaps://"),
            other => bail!("{other} is no mailbox: write imaps://user@host/INBOX"),
        };
        if url.password().is_some() {
            bail!("the password belongs into MAINSTAY_GATE_IMAP_PASSWORD, not into the address");
        }
        let host = url.host_str().filter(|host| !host.is_empty()).context("the address has no host")?;
        let user = percent_decoded(url.username());
        if user.is_empty() {
            bail!("the address names no user: write imaps://user@host/INBOX");
        }
        let folder = percent_decoded(url.path().trim_matches('/'));
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if is_encrypted { PORT_TLS } else { PORT_PLAIN }),
            is_encrypted,
            user,
            folder: if folder.is_empty() { "INBOX".to_owned() } else { folder },
        })
    }

    /// Sub-addresses (RFC 5233) of the user's own address.
    fn pattern(&self) -> anyhow::Result<String> {
        let (local, domain) = self
            .user
            .split_once('@')
            .context("the user is no address: say with --member-address whose mails arrive there")?;
        Ok(format!("{local}+{{}}@{domain}"))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name == "127.0.0.1" || name == "[::1]",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("v={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

impl Imap {
    /// Signs in and looks which mails are there already.
    ///
    /// # Errors
    /// When the address is no mailbox, or it can't be opened.
    pub(crate) async fn open(
        url: &Url,
        password: SecretString,
        pattern: Option<&str>,
        authorities: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let place = Place::parse(url)?;
        let pattern = match pattern {
            Some(pattern) => pattern.to_owned(),
            None => place.pattern()?,
        };
        let roots = roots(authorities)?;
        let imap =
            Self { place, password, pattern, roots, session: Mutex::new(None), read: Mutex::default() };
        let mut session = imap.connect().await.with_context(|| format!("can't open {}", imap.describe()))?;
        let there = session.uid_search("ALL").await.context("can't look into the mailbox")?;
        imap.read.lock().await.first_uid = there.into_iter().max().unwrap_or(0) + 1;
        *imap.session.lock().await = Some(session);
        Ok(imap)
    }

    async fn connect(&self) -> anyhow::Result<Session<Box<dyn Line>>> {
        let Place { host, port, user, folder, .. } = &self.place;
        let tcp = TcpStream::connect((host.as_str(), *port)).await?;
        let line: Box<dyn Line> = if self.place.is_encrypted {
            let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(self.roots.clone())
                .with_no_client_auth();
            let name = ServerName::try_from(host.clone())?;
            Box::new(TlsConnector::from(Arc::new(config)).connect(name, tcp).await?)
        } else {
            Box::new(tcp)
        };
        let mut client = async_imap::Client::new(line);
        client.read_response().await?.context("the server said nothing")?;
        let mut session =
            client.login(user, self.password.expose_secret()).await.map_err(|(error, _)| error)?;
        session.examine(folder).await?;
        Ok(session)
    }

    /// One look, on the connection that there is or on a new one.
    async fn look(&self) -> anyhow::Result<()> {
        let mut place = self.session.lock().await;
        let mut session = match place.take() {
            Some(session) => session,
            None => self.connect().await?,
        };
        let mut read = self.read.lock().await;
        let first = read.first_uid;
        // New mails become visible between commands; without this, some servers look every few seconds only.
        session.noop().await?;
        let found = session.uid_search(format!("UID {first}:*")).await?;
        // `n:*` always names the last mail, also when its number is below n (RFC 9051, 9).
        let new = |uid: &u32| *uid >= first && !read.mails.contains_key(uid);
        let mut wanted: Vec<String> = found.iter().filter(|uid| new(uid)).map(u32::to_string).collect();
        wanted.truncate(limits::MAILS_AT_ONCE);
        if !wanted.is_empty() {
            let fetched = session.uid_fetch(wanted.join(","), "(UID BODY.PEEK[])").await?;
            let fetched: Vec<_> = fetched.try_collect().await?;
            for mail in &fetched {
                // A server may tell of flags in between, without any body.
                if let (Some(uid), Some(body)) = (mail.uid, mail.body()) {
                    read.mails.insert(uid, Mail::parse(body));
                }
            }
        }
        *place = Some(session);
        Ok(())
    }
}

/// The public authorities, and those of a file.
fn roots(authorities: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authorities {
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add(certificate?)?;
        }
    }
    Ok(roots)
}

impl Mailbox for Imap {
    fn describe(&self) -> String {
        format!("the mailbox {} of {} at {}", self.place.folder, self.place.user, self.place.host)
    }

    fn address(&self, name: &str) -> String {
        by_pattern(&self.pattern, name)
    }

    fn mails<'a>(&'a self, to: &'a str) -> Found<'a> {
        Box::pin(async move {
            let fault = |what: String| Ended::error(format!("{}: {what}", self.describe()));
            match timeout(limits::ANSWER_TIME_MAX, self.look()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(fault(format!("{error:#}"))),
                Err(_) => return Err(fault("no answer".to_owned())),
            }
            let read = self.read.lock().await;
            Ok(read.mails.values().flatten().filter(|mail| mail.is_to(to)).cloned().collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> anyhow::Result<Place> {
        Place::parse(&url.parse().unwrap())
    }

    #[test]
    fn an_address_says_where_and_whose_the_mailbox_is() {
        let found = place("imaps://gate%40example.org@mail.example.org/Tests").unwrap();
        assert_eq!((found.host.as_str(), found.port, found.is_encrypted), ("mail.example.org", 993, true));
        assert_eq!((found.user.as_str(), found.folder.as_str()), ("gate@example.org", "Tests"));
        assert_eq!(found.pattern().unwrap(), "gate+{}@example.org");
        let found = place("imap://gate@127.0.0.1:1143").unwrap();
        assert_eq!((found.port, found.is_encrypted, found.folder.as_str()), (1143, false, "INBOX"));
        assert!(found.pattern().is_err());
    }

    #[test]
    fn plain_text_leaves_this_machine_never_and_a_password_is_no_part_of_an_address() {
        for url in [
            "imap://gate@mail.example.org/",
            "imap://gate@127.0.0.1.example.org/",
            "imaps://gate:secret@mail.example.org/",
            "imaps://mail.example.org/",
            "https://gate@mail.example.org/",
        ] {
            assert!(place(url).is_err(), "{url}");
        }
        assert!(place("imap://gate@localhost/").is_ok());
    }
}
