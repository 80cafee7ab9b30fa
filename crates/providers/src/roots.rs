//! Certification authorities of a deployment's own, trusted beside the public ones: for a mail server, a Redis, a database or a
//! stand-in whose certificate no public authority signed. Nothing here makes verification weaker.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use lettre::transport::smtp::client::Certificate as SmtpCertificate;
use reqwest::Certificate as HttpCertificate;

use crate::{ConfigFault, limits};

/// At least one certificate, each of which can be an authority's.
#[derive(Clone)]
pub struct Roots(Arc<[u8]>);

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roots(…)")
    }
}

fn fault(reason: &str) -> ConfigFault {
    ConfigFault::new("roots", reason)
}

impl Roots {
    /// Reads a bundle of PEM certificates.
    ///
    /// # Errors
    /// When there is none in it, when one can't be read, or when there is a private key beside them.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ConfigFault> {
        if pem.len() > limits::ROOTS_BYTES_MAX {
            return Err(fault("is larger than any list of authorities"));
        }
        if pem.windows(11).any(|word| word == b"PRIVATE KEY") {
            return Err(fault(
                "holds a private key, which must not lie here; only certificates belong into it",
            ));
        }
        let roots = Self(pem.into());
        let certificates = roots.for_http()?;
        if certificates.is_empty() {
            return Err(fault("holds no certificate (BEGIN CERTIFICATE)"));
        }
        // What can't be an authority shows only when it is to be used as one.
        let tried = reqwest::Client::builder().tls_certs_merge(certificates).build();
        tried.map_err(|_| fault("holds a certificate that can't be an authority's"))?;
        Ok(roots)
    }

    /// The bundle as it was read.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn for_http(&self) -> Result<Vec<HttpCertificate>, ConfigFault> {
        HttpCertificate::from_pem_bundle(&self.0).map_err(|_| fault("holds a certificate that can't be read"))
    }

    pub(crate) fn for_smtp(&self) -> Result<SmtpCertificate, ConfigFault> {
        SmtpCertificate::from_pem(&self.0).map_err(|_| fault("holds a certificate that can't be read"))
    }

    /// With the system's authorities: the Redis library takes such a list in the place of its own.
    pub(crate) fn for_redis(&self) -> Vec<u8> {
        let mut pem = self.0.to_vec();
        for certificate in rustls_native_certs::load_native_certs().certs {
            pem.extend_from_slice(b"\n-----BEGIN CERTIFICATE-----\n");
            // Lines of 64 characters (RFC 7468, 2).
            for line in STANDARD.encode(&certificate).as_bytes().chunks(64) {
                pem.extend_from_slice(line);
                pem.push(b'\n');
            }
            pem.extend_from_slice(b"-----END CERTIFICATE-----\n");
        }
        pem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_of_authorities_is_named() {
        for (pem, word) in [
            ("", "no certificate"),
            ("just text", "no certificate"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate that can't be"),
        ] {
            let fault = Roots::from_pem(pem.as_bytes()).expect_err("refused");
            assert!(fault.reason.contains(word), "{pem}: {fault}");
        }
        let large = vec![b' '; limits::ROOTS_BYTES_MAX + 1];
        assert!(Roots::from_pem(&large).is_err());
    }
}
