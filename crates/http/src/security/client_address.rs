//! Who is at the other end: the peer, or what trusted proxies say about it, and nothing that anybody else says.
//!
//! `X-Forwarded-For` is walked from the right, as long as the address that wrote the entry is a trusted proxy. `Forwarded`,
//! `X-Real-IP` and the like are not read at all, so that two headers can't disagree.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use mainstay_services::sabotage::{self, Guard};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Hops that are looked at; more is nobody's honest chain.
const HOPS_MAX: usize = 16;

/// A network in CIDR notation, such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNetworkFault;

impl fmt::Display for IpNetworkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no address or network such as 10.0.0.0/8")
    }
}

impl std::error::Error for IpNetworkFault {}

impl IpNetwork {
    /// Whether an address lies in it. Addresses are compared in their canonical form.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, canonical(address)) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same_prefix(u128::from(ours.to_bits()) << 96, u128::from(theirs.to_bits()) << 96, self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                same_prefix(ours.to_bits(), theirs.to_bits(), self.prefix)
            }
            _ => false,
        }
    }
}

const fn same_prefix(a: u128, b: u128, prefix: u8) -> bool {
    prefix == 0 || (a ^ b) >> (128 - prefix as u32) == 0
}

impl FromStr for IpNetwork {
    type Err = IpNetworkFault;

    fn from_str(text: &str) -> Result<Self, IpNetworkFault> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| IpNetworkFault)?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| IpNetworkFault)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        match prefix {
            Some(prefix) if prefix > bits => Err(IpNetworkFault),
            prefix => Ok(Self { address, prefix: prefix.unwrap_or(bits) }),
        }
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One spelling for each address: an IPv4 address that came through an IPv6 socket is the IPv4 address.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What shares a rate-limit bucket: an IPv4 address, or the /64 that one IPv6 subscriber has (RFC 6177).
pub(crate) fn bucket(address: IpAddr) -> IpAddr {
    match canonical(address) {
        IpAddr::V6(v6) if !sabotage::is_off(Guard::Ipv6Prefix) => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))
        }
        whole => whole,
    }
}

/// The client's address.
pub(crate) fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpNetwork],
) -> Option<IpAddr> {
    let mut current = canonical(peer?);
    let believes_all = sabotage::is_off(Guard::ClientAddress);
    if trusted.is_empty() && !believes_all {
        return Some(current);
    }
    let is_trusted =
        |address: IpAddr| believes_all || trusted.iter().any(|network| network.contains(address));
    // Several headers are one list, in order (RFC 9110, 5.3).
    let mut lines: Vec<&[u8]> = headers.get_all(X_FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
    lines.reverse();
    // Bytes, because a line is not all unreadable for one strange byte that the client put into it: what a proxy appended counts.
    let entries = lines.into_iter().flat_map(|line| line.rsplit(|byte| *byte == b',')).take(HOPS_MAX);
    for entry in entries {
        if !is_trusted(current) {
            break;
        }
        match std::str::from_utf8(entry).ok().and_then(parse_entry) {
            Some(address) => current = canonical(address),
            // What a trusted proxy could not read either stays with that proxy.
            None => break,
        }
    }
    Some(current)
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(socket) = entry.parse::<std::net::SocketAddr>() {
        return Some(socket.ip());
    }
    entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(value).expect("a header"));
        }
        let trusted: Vec<IpNetwork> = trusted.iter().map(|text| text.parse().expect("a network")).collect();
        client_address(peer.parse().ok(), &headers, &trusted).expect("an address").to_string()
    }

    #[test]
    fn t_op_01_only_trusted_proxies_are_believed() {
        assert_eq!(client("198.51.100.7", &["1.1.1.1"], &[]), "198.51.100.7");
        assert_eq!(client("198.51.100.7", &["1.1.1.1"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(client("10.1.2.3", &["6.6.6.6, 1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(client("10.1.2.3", &["6.6.6.6, 1.1.1.1, 10.9.9.9"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(client("10.1.2.3", &["6.6.6.6", "1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(client("10.1.2.3", &["1.1.1.1, rubbish"], &["10.0.0.0/8"]), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &["[2001:db8::5]:443"], &["10.0.0.0/8"]), "2001:db8::5");
        assert_eq!(client("::ffff:10.1.2.3", &["::ffff:1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
    }

    #[test]
    fn t_op_02_spellings_and_a_subnet_share_a_bucket() {
        let bucket_of = |text: &str| bucket(text.parse().expect("an address"));
        assert_eq!(bucket_of("2001:db8:0:1::1"), bucket_of("2001:0DB8:0000:0001:ffff:ffff:ffff:ffff"));
        assert_ne!(bucket_of("2001:db8:0:1::1"), bucket_of("2001:db8:0:2::1"));
        assert_eq!(bucket_of("::ffff:192.0.2.1"), bucket_of("192.0.2.1"));
        assert_ne!(bucket_of("192.0.2.1"), bucket_of("192.0.2.2"));
    }

    #[test]
    fn networks_are_read_strictly() {
        for text in ["", "x", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(text.parse::<IpNetwork>().is_err(), "{text:?}");
        }
        let all: IpNetwork = "::/0".parse().expect("a network");
        assert!(all.contains("2001:db8::1".parse().expect("an address")));
        assert!(!all.contains("192.0.2.1".parse().expect("an address")));
    }

    #[test]
    fn t_op_01_a_strange_byte_hides_nothing_that_a_proxy_appended() {
        let mut headers = HeaderMap::new();
        let append = |headers: &mut HeaderMap, value: &[u8]| {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(value).expect("a header"));
        };
        append(&mut headers, b"198.51.100.6");
        append(&mut headers, b"\xff, 203.0.113.9");
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let peer = Some("10.0.0.1".parse().expect("an address"));
        let found = client_address(peer, &headers, &trusted).expect("an address");
        assert_eq!(found.to_string(), "203.0.113.9");
    }
}
