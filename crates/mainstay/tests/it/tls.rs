//! A certification authority of the deployment's own, named in the configuration.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;

use crate::harness::{Scratch, eventually, free_port};

struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Redis whose certificate an authority signed that only `ca.pem` in the folder names.
fn redis(scratch: &Scratch, port: u16) -> Redis {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = KeyPair::generate().unwrap();
    fs::write(scratch.path().join("ca.pem"), parameters.self_signed(&key).unwrap().pem()).unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&own, &Issuer::new(parameters, key)).unwrap();
    fs::write(scratch.path().join("redis.pem"), leaf.pem()).unwrap();
    fs::write(scratch.path().join("redis.key"), own.serialize_pem()).unwrap();
    let child = Command::new("redis-server")
        .args(["--port", "0", "--tls-port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--tls-cert-file", "redis.pem", "--tls-key-file", "redis.key", "--tls-ca-cert-file", "ca.pem"])
        .args(["--tls-auth-clients", "no"])
        .current_dir(scratch.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts; `cargo xtask setup --tests` installs it");
    Redis(child)
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_it_is_named() {
    let mut scratch = Scratch::sqlite();
    let port = free_port();
    let _redis = redis(&scratch, port);
    scratch.set("REDIS_URL", &format!("rediss://127.0.0.1:{port}/0"));
    let file = scratch.path().join("ca.pem");
    let state = async |node: &crate::harness::Node| -> Option<String> {
        let ready: Value = node.get("/ready").send().await.ok()?.json().await.ok()?;
        Some(ready["checks"]["redis"]["state"].as_str()?.to_owned())
    };
    let mut trusting = scratch.start(&[("MAINSTAY_CA_FILE", file.to_str().unwrap())]);
    eventually("Redis is trusted", || async { state(&trusting).await.as_deref() == Some("ok") }).await;
    assert!(trusting.stop().await.success(), "{}", trusting.log());
    let stranger = scratch.start(&[]);
    eventually("Redis is refused", || async { state(&stranger).await.as_deref() == Some("failed") }).await;
}
