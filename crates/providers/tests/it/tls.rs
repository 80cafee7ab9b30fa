//! Encrypted connections to mail servers and Redis: only to who shows a certificate of the right name, in its time, by an authority
//! that is trusted.

use std::{process::Stdio, sync::Arc, time::Duration};

use mainstay_model::Language;
use mainstay_providers::{
    RedisConfig, RedisLimiter, Roots, SmtpConfig, SmtpMailer, SystemClock, SystemRandom,
};
use mainstay_services::ports::{Limiter, Mail, MailError, Mailer};
use serde_json::json;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

use crate::support::{
    authority::{Authority, Identity},
    stand_in::StandIn,
    until,
};

/// A mail server with TLS, from the first byte on or after STARTTLS.
async fn mail_server(identity: &Identity, is_implicit: bool) -> StandIn {
    let (certificate, key) = (identity.certificate(), identity.key());
    let mut arguments =
        vec!["--tls-cert", certificate.to_str().expect("UTF-8"), "--tls-key", key.to_str().expect("UTF-8")];
    if is_implicit {
        arguments.push("--implicit-tls");
    }
    StandIn::start("mail/main.mjs", &arguments).await
}

async fn send(server: &StandIn, roots: Option<Roots>) -> Result<(), MailError> {
    let config = SmtpConfig {
        url: server.fact("smtp").to_owned().into(),
        from: "Mainstay <no-reply@example.org>".to_owned(),
        allow_loopback_plaintext: false,
        roots,
    };
    let mailer =
        SmtpMailer::new(&config, Arc::new(SystemClock), Arc::new(SystemRandom)).expect("good settings");
    let to = "ada@example.org".parse().expect("an address");
    mailer.send(&Mail::new(&to, "Hello".to_owned(), "Hi\n".to_owned(), Language::En)).await
}

#[tokio::test]
async fn mail_goes_out_encrypted_to_a_server_that_proves_who_it_is() {
    let authority = Authority::new();
    for is_implicit in [false, true] {
        let server = mail_server(&authority.identity(&["127.0.0.1"]), is_implicit).await;
        send(&server, Some(authority.roots())).await.expect("is sent");
        let mails = server.get("/mails").await;
        assert_eq!(mails.as_array().expect("a list").len(), 1);
        assert_eq!(mails[0]["secure"], json!(true));
        for roots in [None, Some(Authority::new().roots())] {
            let outcome = send(&server, roots).await;
            assert!(matches!(outcome, Err(MailError::Temporary(_))), "{outcome:?}");
        }
        assert_eq!(server.get("/mails").await.as_array().expect("a list").len(), 1);
    }
}

#[tokio::test]
async fn no_mail_goes_to_a_server_of_another_name_or_time() {
    let authority = Authority::new();
    for is_implicit in [false, true] {
        for identity in [authority.identity(&["mail.example.org"]), authority.expired(&["127.0.0.1"])] {
            let server = mail_server(&identity, is_implicit).await;
            let outcome = send(&server, Some(authority.roots())).await;
            assert!(matches!(outcome, Err(MailError::Temporary(_))), "{outcome:?}");
            assert_eq!(server.get("/mails").await, json!([]));
        }
    }
}

/// A Redis that speaks TLS only.
struct TlsRedis {
    _child: Child,
    _folder: tempfile::TempDir,
    port: u16,
}

impl TlsRedis {
    async fn start(identity: &Identity) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let folder = tempfile::tempdir().expect("a folder");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--tls-port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--tls-auth-clients", "no"])
            .arg("--tls-cert-file")
            .arg(identity.certificate())
            .arg("--tls-key-file")
            .arg(identity.key())
            .arg("--tls-ca-cert-file")
            .arg(identity.certificate())
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server starts; `cargo xtask setup --tests` installs it");
        until("Redis listens", Duration::from_secs(20), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self { _child: child, _folder: folder, port }
    }

    async fn ping(&self, host: &str, roots: Option<Roots>) -> bool {
        let url = format!("rediss://{host}:{}/0", self.port);
        let config = RedisConfig { roots, ..RedisConfig::new(url.into()) };
        RedisLimiter::new(&config).expect("good settings").ping().await.is_ok()
    }
}

#[tokio::test]
async fn redis_is_used_where_it_proves_who_it_is_and_nowhere_else() {
    let authority = Authority::new();
    let redis = TlsRedis::start(&authority.identity(&["127.0.0.1"])).await;
    assert!(redis.ping("127.0.0.1", Some(authority.roots())).await);
    assert!(!redis.ping("127.0.0.1", None).await, "nobody knows this authority");
    assert!(!redis.ping("127.0.0.1", Some(Authority::new().roots())).await, "another authority");
    assert!(!redis.ping("localhost", Some(authority.roots())).await, "another name");
    let redis = TlsRedis::start(&authority.expired(&["127.0.0.1"])).await;
    assert!(!redis.ping("127.0.0.1", Some(authority.roots())).await, "out of its time");
}
