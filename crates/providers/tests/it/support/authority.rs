//! A certification authority of a test's own, and the certificates that it signs.

use std::{fs, path::PathBuf};

use mainstay_providers::Roots;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A server's certificate and key as files.
pub(crate) struct Identity {
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("signs").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem(self.pem.as_bytes()).expect("an authority")
    }

    /// For these names and addresses.
    pub(crate) fn identity(&self, names: &[&str]) -> Identity {
        self.signed(names, |_| {})
    }

    /// One that was good until the year 2001.
    pub(crate) fn expired(&self, names: &[&str]) -> Identity {
        self.signed(names, |parameters| {
            parameters.not_before = date_time_ymd(2000, 1, 1);
            parameters.not_after = date_time_ymd(2001, 1, 1);
        })
    }

    fn signed(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).expect("names");
        change(&mut parameters);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("signs");
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Identity { folder };
        fs::write(identity.certificate(), certificate.pem()).expect("writes");
        fs::write(identity.key(), key.serialize_pem()).expect("writes");
        identity
    }
}

impl Identity {
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}
