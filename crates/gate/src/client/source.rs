//! Where requests come from. On this machine every check gets a client address of its own (127.0.0.0/8 is all loopback), so that
//! one check's attack does not use up another's quota; elsewhere all share the one there is.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Context as _;
use reqwest::{Certificate, redirect};
use url::{Host, Url};

use crate::{client::Plug, limits};

/// Which certificates are believed beside the public ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    bundle: Vec<Certificate>,
    /// The same, for connections that are no HTTP client's.
    pem: Vec<u8>,
}

impl Trust {
    /// Reads a PEM bundle of authorities.
    pub(crate) fn from_file(path: &Path) -> anyhow::Result<Self> {
        let pem = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
        let bundle = Certificate::from_pem_bundle(&pem)
            .with_context(|| format!("{} is no bundle of certificates (PEM)", path.display()))?;
        Ok(Self { bundle, pem })
    }

    pub(super) fn pem(&self) -> &[u8] {
        &self.pem
    }
}

/// Makes the clients of checks.
pub(crate) struct Sources {
    trust: Trust,
    /// Hosts that are this machine, with the port each is asked at.
    loopback: Vec<(String, SocketAddr)>,
    next: AtomicU32,
}

impl Sources {
    /// For a deployment at these addresses.
    pub(crate) fn new(trust: Trust, bases: &[Url]) -> Self {
        let loopback = bases
            .iter()
            .filter(|base| is_loopback(base))
            .filter_map(|base| {
                let port = base.port_or_known_default()?;
                Some((base.host_str()?.to_owned(), SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
            })
            .collect::<Vec<_>>();
        // All or none: a check may speak to several of them.
        let loopback = if loopback.len() == bases.len() { loopback } else { Vec::new() };
        // Runs that follow each other within a minute should not meet in the same buckets either.
        let start = std::process::id().wrapping_mul(251) % 4_000_000;
        Self { trust, loopback, next: AtomicU32::new(start) }
    }

    /// Whether every check has an address of its own.
    pub(crate) fn are_separate(&self) -> bool {
        !self.loopback.is_empty()
    }

    /// A client at an address that no other has had in this run, where that is possible.
    pub(crate) fn fresh(&self) -> anyhow::Result<reqwest::Client> {
        self.client(self.are_separate().then(|| IpAddr::V4(self.address())))
    }

    /// A client at this very address of this machine.
    pub(crate) fn at(&self, source: IpAddr) -> anyhow::Result<reqwest::Client> {
        self.client(Some(source))
    }

    /// Where connections that are no HTTP client's go, from an address that no other has had.
    pub(crate) fn plug(&self, base: &Url) -> anyhow::Result<Plug> {
        let host = base.host_str().context("the address has no host")?;
        let port = base.port_or_known_default().context("the address has no port")?;
        let known = self.loopback.iter().find(|(name, address)| name == host && address.port() == port);
        let source = known.map(|_| IpAddr::V4(self.address()));
        Plug::new(base, known.map(|(_, address)| *address), source, &self.trust)
    }

    fn address(&self) -> Ipv4Addr {
        numbered(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn client(&self, source: Option<IpAddr>) -> anyhow::Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(limits::ANSWER_TIME_MAX)
            .no_proxy()
            .user_agent(concat!("mainstay-gate/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .local_address(source);
        for certificate in &self.trust.bundle {
            builder = builder.add_root_certificate(certificate.clone());
        }
        for (host, address) in &self.loopback {
            builder = builder.resolve(host, *address);
        }
        builder.build().context("can't make a client")
    }
}

/// Addresses of this machine that numbers have of their own: 127.0.x.x belongs to its servers, and an end of .0 or .255 is special
/// to some.
const NUMBERED: u32 = ENDS * 256 * ENDS;
const ENDS: u32 = 254;

/// The address of a number; of `NUMBERED` that follow each other each has another.
const fn numbered(number: u32) -> Ipv4Addr {
    let number = number % NUMBERED;
    let (rest, d) = (number / ENDS, number % ENDS + 1);
    let (b, c) = (rest / 256 + 1, rest % 256);
    Ipv4Addr::from_bits((127 << 24) | (b << 16) | (c << 8) | d)
}

fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv6(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_that_follow_each_other_have_addresses_of_their_own() {
        for start in [0, 250, 4_000_000, NUMBERED - 500] {
            let addresses = (start..start + 1_000).map(numbered).collect::<HashSet<_>>();
            assert_eq!(addresses.len(), 1_000, "from {start}");
            for address in addresses {
                let [a, b, _, d] = address.octets();
                assert!(a == 127 && (1..=254).contains(&b) && (1..=254).contains(&d), "{address}");
            }
        }
        assert_eq!(numbered(0), Ipv4Addr::new(127, 1, 0, 1));
        assert_eq!(numbered(254), Ipv4Addr::new(127, 1, 1, 1));
        assert_eq!(numbered(NUMBERED - 1), Ipv4Addr::new(127, 254, 255, 254));
        assert_eq!(numbered(NUMBERED), numbered(0));
    }
}
