//! What names stand for, looked at before it is connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use mainstay_services::ports::SendFault;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Targets, address::is_public};

/// Finds the addresses of names.
#[async_trait]
pub trait Names: Send + Sync {
    /// Every address that a name stands for now.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the operating system knows them.
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Why a name was not connected to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) SendFault);

/// Hands the HTTP client only addresses that it may connect to. It connects to one of those and asks nobody again, so a name that
/// stands for something else a moment later changes nothing.
pub(super) struct Checked {
    pub(super) targets: Targets,
    pub(super) names: Arc<dyn Names>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (targets, names) = (self.targets, Arc::clone(&self.names));
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await.map_err(|_| Refused(SendFault::NoAddress))?;
            if found.is_empty() {
                return Err(Refused(SendFault::NoAddress).into());
            }
            // A name with one foot inside is not half fine: its owner decides which foot is used.
            if targets == Targets::Public && !found.iter().all(|address| is_public(*address)) {
                return Err(Refused(SendFault::PrivateTarget).into());
            }
            // The client puts the URL's port in the place of 0.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
