//! What the edge is told by the binary, read and checked before anything starts.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use mainstay_services::ports::Quota;
use secrecy::SecretString;
use url::Url;

use crate::security::client_address::IpNetwork;

/// Settings of the HTTP edge. The public URL and the environment are the application's.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where to listen for everybody. Port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Where to serve the metrics, on a network that the public can't reach. Empty: nowhere.
    pub metrics_listen: Vec<SocketAddr>,
    /// A bearer token that opens `/metrics` on the public listener too; without one it is 404 there.
    pub metrics_token: Option<SecretString>,
    /// Origins beside the public URL's whose pages may call with cookies, exactly as browsers send them.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNetwork>,
    /// Addresses of this interface in the order in which clients should try them.
    pub api_bases: Vec<Url>,
    /// Whether cookies are `Secure` and carry the prefixes that browsers enforce. Only off on a developer's machine.
    pub secure_cookies: bool,
    /// Serves the studio from this folder and not from the binary.
    pub frontend_dir: Option<PathBuf>,
    /// Threads that serve requests.
    pub workers: usize,
    /// Connections at a time, over all workers.
    pub connections_max: usize,
    /// Running requests have so long to finish when the server stops.
    pub shutdown_timeout: Duration,
    /// A client has so long to send its headers.
    pub header_timeout: Duration,
    /// A client has so long to send its body.
    pub body_timeout: Duration,
    /// How many requests may come in how much time.
    pub rate_limits: RateLimits,
}

/// The rate limits of the classes of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Signing in and what leads to it.
    pub auth: ClassLimits,
    /// Reading.
    pub read: ClassLimits,
    /// Writing.
    pub write: ClassLimits,
    /// What everybody may read, and paths that do not exist.
    pub public: ClassLimits,
    /// Events of payment providers.
    pub webhook: ClassLimits,
}

/// The limits of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassLimits {
    /// By client address (IPv6: by /64). Larger than by member, since a whole office may share one.
    pub address: Quota,
    /// By member or service key.
    pub account: Quota,
}

const MINUTE: Duration = Duration::from_secs(60);

impl ClassLimits {
    /// So many a minute.
    #[must_use]
    pub const fn per_minute(address: u32, account: u32) -> Self {
        Self {
            address: Quota { limit: address, window: MINUTE },
            account: Quota { limit: account, window: MINUTE },
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            auth: ClassLimits::per_minute(60, 60),
            read: ClassLimits::per_minute(3_000, 600),
            write: ClassLimits::per_minute(1_500, 300),
            public: ClassLimits::per_minute(600, 600),
            webhook: ClassLimits::per_minute(12_000, 12_000),
        }
    }
}

impl HttpSettings {
    /// What a developer's machine gets without configuration.
    #[must_use]
    pub fn dev(listen: SocketAddr) -> Self {
        Self {
            listen: vec![listen],
            metrics_listen: Vec::new(),
            metrics_token: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            api_bases: Vec::new(),
            secure_cookies: false,
            frontend_dir: None,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            connections_max: 25_000,
            shutdown_timeout: Duration::from_secs(20),
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(15),
            rate_limits: RateLimits::default(),
        }
    }
}
