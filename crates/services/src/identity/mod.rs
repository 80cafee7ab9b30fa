//! Signing in: passkeys, Google and Apple, mailed codes, and (behind switches) passwords, provider tokens and the tests' door.
//!
//! Every way in ends in [`crate::sessions::open`]. No way in believes anything that a client says about itself: an address
//! counts once a code that was mailed to it came back, or once a provider that decides about the address vouched for it.

mod attempt;
mod backoff;
pub mod email;
pub mod known_browser;
mod linking;
mod mail_texts;
pub mod oauth;
pub mod passkeys;
pub mod password;
pub mod social;
pub mod test_login;
pub mod ways;

use std::sync::Arc;

use mainstay_model::SecretHash;
use tokio::sync::Semaphore;
use url::Host;
use webauthn_rs::{Webauthn, WebauthnBuilder};

pub(crate) use self::backoff::lenient;
use crate::{Capability, Code, Error, Result, Settings, crypto, limits};

/// The flow secrets that a browser presents: usually one; none when it has lost its cookies; several when it started flows at one
/// moment in several tabs, before it had any.
#[derive(Clone, Copy, Debug)]
pub struct FlowSecrets<'a>(&'a [[u8; 32]]);

impl FlowSecrets<'_> {
    /// Whether one of them is the secret of this hash. Compares them all, whichever fits.
    fn include(self, hash: &SecretHash) -> bool {
        self.0.iter().fold(false, |found, secret| crypto::equal(hash, &crypto::sha256(secret)) | found)
    }
}

impl<'a> From<&'a [u8; 32]> for FlowSecrets<'a> {
    fn from(secret: &'a [u8; 32]) -> Self {
        Self(std::slice::from_ref(secret))
    }
}

impl<'a> From<Option<&'a [u8; 32]>> for FlowSecrets<'a> {
    fn from(secret: Option<&'a [u8; 32]>) -> Self {
        Self(secret.map_or(&[], std::slice::from_ref))
    }
}

impl<'a> From<&'a [[u8; 32]]> for FlowSecrets<'a> {
    fn from(secrets: &'a [[u8; 32]]) -> Self {
        Self(secrets)
    }
}

/// Password hashes that are computed at the same time: each takes 19 MiB of memory and one core.
const HASHES_AT_ONCE_MAX: usize = 2;

/// What signing in keeps in memory.
pub struct Identity {
    /// None where members reach the deployment by a bare IP address: browsers have no passkeys there.
    webauthn: Option<Webauthn>,
    hashing: Arc<Semaphore>,
}

impl Identity {
    /// Prepares WebAuthn for the configured relying party.
    ///
    /// # Errors
    /// [`Code::Internal`] when the relying-party id is not the public URL's host or a parent domain of it.
    pub fn new(settings: &Settings) -> Result<Self> {
        let webauthn = match settings.public_url.host() {
            Some(Host::Domain(_)) => Some(webauthn(settings)?),
            _ => None,
        };
        Ok(Self { webauthn, hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)) })
    }

    fn webauthn(&self) -> Result<&Webauthn> {
        self.webauthn.as_ref().ok_or_else(|| {
            let reason = "Passkeys need a host name, and this deployment is reached by an IP address.";
            let mut error = Error::new(Code::CapabilityUnavailable, reason);
            error.capability = Some(Box::new((Capability::Passkey, reason.into())));
            error
        })
    }
}

fn webauthn(settings: &Settings) -> Result<Webauthn> {
    let mut builder = WebauthnBuilder::new(&settings.rp_id, &settings.public_url).map_err(Error::internal)?;
    for origin in &settings.rp_origins {
        builder = builder.append_allowed_origin(origin);
    }
    builder.rp_name(&settings.product_name).timeout(limits::CEREMONY_TTL).build().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_with_a_port_has_passkeys_and_an_ip_address_has_none() {
        let settings = |url: &str| Settings::dev(url.parse().expect("a URL"));
        assert!(Identity::new(&settings("http://localhost:8080")).expect("fits").webauthn().is_ok());
        let error = Identity::new(&settings("http://127.0.0.1:8080")).expect("starts").webauthn().map(|_| ());
        assert_eq!(error.expect_err("no passkeys").code, Code::CapabilityUnavailable);
    }

    #[test]
    fn a_foreign_relying_party_is_a_fault_at_the_start() {
        let mut settings = Settings::dev("https://app.example.com".parse().expect("a URL"));
        settings.rp_id = "example.com".to_owned();
        assert!(Identity::new(&settings).is_ok());
        settings.rp_id = "ample.com".to_owned();
        assert!(Identity::new(&settings).is_err());
    }
}
