//! Outgoing events over the wire (WHK-6): judged by the libraries that receivers use, and kept from everything that is inside.

use std::{
    io,
    net::IpAddr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use mainstay_model::{OutgoingEventId, Timestamp};
use mainstay_providers::{HttpWebhooks, SystemClock, Targets, WebhooksConfig, webhooks::Names};
use mainstay_services::{
    events::signature::{secret_text, sign},
    ports::{Answer, Clock, RetryAfter, SendFault, SignedEvent, TargetFault, WebhookSender},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};
use uuid::Uuid;

use crate::support::{authority::Authority, stand_in::StandIn, until};

const SECRETS: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];
const BODY: &str = r#"{"id":"x","type":"points.granted","data":{"name":"שלום \u0000 é"}}"#;

/// A test's own names; everything else stands for nothing.
struct Fixed {
    names: Vec<(&'static str, Vec<&'static str>)>,
    asked: AtomicUsize,
}

impl Fixed {
    fn new(names: &[(&'static str, &[&'static str])]) -> Arc<Self> {
        let names = names.iter().map(|(name, found)| (*name, found.to_vec())).collect();
        Arc::new(Self { names, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Names for Fixed {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, SeqCst);
        let found = self.names.iter().find(|(known, _)| *known == name);
        let found = found.ok_or_else(|| io::Error::other("no such name"))?;
        Ok(found.1.iter().map(|address| address.parse().expect("an address")).collect())
    }
}

fn sender(targets: Targets) -> HttpWebhooks {
    HttpWebhooks::new(&WebhooksConfig::new(targets))
}

/// An event of now, signed with these secrets.
fn signed(url: &str, secrets: &[[u8; 32]]) -> SignedEvent {
    let id = OutgoingEventId::new(Uuid::now_v7());
    let timestamp = SystemClock.now().micros() / 1_000_000;
    let signature = sign(secrets.iter().map(|secret| &secret[..]), id, timestamp, BODY);
    let url = url.parse().expect("a URL");
    SignedEvent { url, id: id.to_string(), timestamp, signature, body: BODY.to_owned() }
}

fn answered(status: u16) -> Answer {
    Answer { status, retry_after: None }
}

fn texts() -> Vec<String> {
    SECRETS.iter().map(|secret| secret_text(secret).expose_secret().to_owned()).collect()
}

async fn receiver() -> StandIn {
    let receiver = StandIn::start("webhooks/main.mjs", &[]).await;
    receiver.put("/secrets", json!({ "secrets": texts() })).await;
    receiver
}

/// The library that receivers in Python use.
struct PythonJudge(Child);

impl PythonJudge {
    fn start() -> Self {
        let standins = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../standins");
        let child = Command::new(standins.join(".venv/bin/python"))
            .arg(standins.join("webhooks/verify.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Python starts; `cargo xtask test` installs what it needs");
        Self(child)
    }

    /// What it says about a request under each secret.
    async fn verdicts(&mut self, request: &Value) -> Vec<String> {
        let mut verdicts = Vec::new();
        let stdout = self.0.stdout.as_mut().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        for secret in texts() {
            let asked = json!({ "secret": secret, "headers": request["headers"], "body": request["body"] });
            let stdin = self.0.stdin.as_mut().expect("piped");
            stdin.write_all(format!("{asked}\n").as_bytes()).await.expect("it listens");
            verdicts.push(lines.next_line().await.expect("readable").expect("an answer"));
        }
        verdicts
    }
}

#[tokio::test]
async fn whk_6_libraries_of_receivers_take_what_is_sent_and_nothing_else() {
    let receiver = receiver().await;
    let url = format!("{}/in?token=a%20b", receiver.fact("url"));
    let mut python = PythonJudge::start();
    let sender = sender(Targets::Any);
    // While a secret is rotated, whoever knows either of the two takes it.
    for (secrets, taken) in
        [(&SECRETS[..1], [true, false, false]), (&SECRETS[..2], [true, true, false]), (&[], [false; 3])]
    {
        receiver.control(reqwest::Method::DELETE, "/requests", Value::Null).await;
        assert_eq!(sender.send(&signed(&url, secrets)).await, Ok(answered(204)));
        let mut request = receiver.get("/requests").await[0].clone();
        assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("/in?token=a%20b")));
        assert_eq!(request["headers"]["content-type"], "application/json");
        assert_eq!(request["body"], BODY);
        let genuine =
            |verdicts: &[String]| -> Vec<bool> { verdicts.iter().map(|said| said == "genuine").collect() };
        let node: Vec<String> = serde_json::from_value(request["verdicts"].clone()).expect("verdicts");
        assert_eq!(genuine(&node), taken, "{node:?}");
        let said = python.verdicts(&request).await;
        assert_eq!(genuine(&said), taken, "{said:?}");
        request["body"] = json!(format!("{BODY} "));
        let said = python.verdicts(&request).await;
        assert_eq!(genuine(&said), [false; 3], "a changed body: {said:?}");
    }
}

/// URLs that mean this machine, its neighbours or a cloud's metadata, however they are written. `PORT` is a trap's.
const INSIDE: &[&str] = &[
    "https://127.0.0.1:PORT/",
    "https://127.1:PORT/",
    "https://2130706433:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://0x7f.1:PORT/",
    "https://0x7f000001:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://%31%32%37.0.0.1:PORT/",
    "https://１２７.０.０.１:PORT/",
    "https://127。0。0。1:PORT/",
    "https://0:PORT/",
    "https://0.0.0.0:PORT/",
    "https://[::]:PORT/",
    "https://[::1]:PORT/",
    "https://[0:0:0:0:0:0:0:1]:PORT/",
    "https://[::127.0.0.1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[64:ff9b::127.0.0.1]:PORT/",
    "https://[2002:7f00:1::]:PORT/",
    "https://[fe80::1]:PORT/",
    "https://[fd00::1]:PORT/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.100.100.200/",
    "https://169.254.169.254/latest/meta-data/",
    "https://168.63.129.16/",
    "https://0xA9FEA9FE/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost:PORT/",
    "https://LocalHost:PORT/",
    "https://localhost.:PORT/",
    "https://a.localhost:PORT/",
    "https://printer.local/",
    "https://metadata.google.internal/",
];

/// Listens and counts who comes.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let port = listener.local_addr().expect("an address").port();
    let caught = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&caught);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, SeqCst);
        }
    });
    (port, caught)
}

#[tokio::test]
async fn whk_6_no_spelling_of_an_inner_address_is_a_target() {
    let (port, caught) = trap().await;
    let sender = sender(Targets::Public);
    for url in INSIDE {
        let url = url.replace("PORT", &port.to_string());
        let event = signed(&url, &SECRETS[..1]);
        assert_eq!(sender.check_target(&event.url), Err(TargetFault::Private), "{url}");
        assert_eq!(sender.send(&event).await, Err(SendFault::PrivateTarget), "{url}");
    }
    for (url, fault) in [
        (format!("http://127.0.0.1:{port}/"), TargetFault::NotHttps),
        ("http://hooks.example.com/".to_owned(), TargetFault::NotHttps),
        ("ftp://hooks.example.com/".to_owned(), TargetFault::NotHttps),
        ("file:///etc/passwd".to_owned(), TargetFault::NotHttps),
        ("https://user@hooks.example.com/".to_owned(), TargetFault::Credentials),
        ("https://:password@hooks.example.com/".to_owned(), TargetFault::Credentials),
        ("https://hooks.example.com/#x".to_owned(), TargetFault::Credentials),
    ] {
        let event = signed(&url, &SECRETS[..1]);
        assert_eq!(sender.check_target(&event.url), Err(fault), "{url}");
        assert_eq!(sender.send(&event).await, Err(SendFault::PrivateTarget), "{url}");
    }
    for url in ["https://hooks.example.com/", "https://8.8.8.8:8443/a?b=c", "https://[2606:4700::1111]/"] {
        assert_eq!(sender.check_target(&url.parse().expect("a URL")), Ok(()), "{url}");
    }
    assert_eq!(caught.load(SeqCst), 0);
}

#[tokio::test]
async fn whk_6_a_name_that_stands_for_an_inner_address_is_not_connected_to() {
    let (port, caught) = trap().await;
    let names = Fixed::new(&[
        ("inside.example.com", &["127.0.0.1"]),
        ("metadata.example.com", &["169.254.169.254"]),
        ("mapped.example.com", &["::ffff:127.0.0.1"]),
        ("local.example.com", &["::1"]),
        ("half.example.com", &["8.8.8.8", "127.0.0.1"]),
        ("other-half.example.com", &["127.0.0.1", "2606:4700:4700::1111"]),
    ]);
    let config = WebhooksConfig { names: names.clone(), ..WebhooksConfig::new(Targets::Public) };
    let sender = HttpWebhooks::new(&config);
    for (name, _) in &names.names {
        let event = signed(&format!("https://{name}:{port}/"), &SECRETS[..1]);
        assert_eq!(sender.check_target(&event.url), Ok(()), "{name}: it looks like any other");
        assert_eq!(sender.send(&event).await, Err(SendFault::PrivateTarget), "{name}");
    }
    assert_eq!(names.asked.load(SeqCst), names.names.len());
    let unknown = signed(&format!("https://nobody.example.com:{port}/"), &SECRETS[..1]);
    assert_eq!(sender.send(&unknown).await, Err(SendFault::NoAddress));
    assert_eq!(caught.load(SeqCst), 0);
}

/// What was looked at is what is connected to: there is no second question whose answer could be another one.
#[tokio::test]
async fn whk_6_a_name_is_asked_for_once_and_its_certificate_is_checked() {
    let authority = Authority::new();
    let names = Fixed::new(&[("hooks.example.com", &["127.0.0.1"]), ("other.example.com", &["127.0.0.1"])]);
    let identity = authority.identity(&["hooks.example.com"]);
    let (certificate, key) = (identity.certificate(), identity.key());
    let arguments =
        ["--tls-cert", certificate.to_str().expect("UTF-8"), "--tls-key", key.to_str().expect("UTF-8")];
    let receiver = StandIn::start("webhooks/main.mjs", &arguments).await;
    let port = receiver.facts["port"].as_u64().expect("a port");
    let config = WebhooksConfig {
        names: names.clone(),
        roots: Some(authority.roots()),
        ..WebhooksConfig::new(Targets::Any)
    };
    let sender = HttpWebhooks::new(&config);
    let to = |name: &str| signed(&format!("https://{name}:{port}/"), &SECRETS[..1]);
    assert_eq!(sender.send(&to("hooks.example.com")).await, Ok(answered(204)));
    assert_eq!(names.asked.load(SeqCst), 1);
    assert_eq!(sender.send(&to("other.example.com")).await, Err(SendFault::NoConnection));
    let strict = WebhooksConfig { roots: None, ..config };
    let strict = HttpWebhooks::new(&strict);
    assert_eq!(strict.send(&to("hooks.example.com")).await, Err(SendFault::NoConnection));
    assert_eq!(receiver.get("/requests").await.as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn whk_6_redirects_are_not_followed() {
    let receiver = receiver().await;
    let (port, caught) = trap().await;
    let sender = sender(Targets::Any);
    for status in [301, 302, 303, 307, 308] {
        for location in [format!("http://127.0.0.1:{port}/"), "http://169.254.169.254/latest/".to_owned()] {
            receiver.put("/mode", json!({ "status": status, "location": location })).await;
            let outcome = sender.send(&signed(receiver.fact("url"), &SECRETS[..1])).await;
            assert_eq!(outcome, Ok(answered(status)), "{location}");
        }
    }
    assert_eq!(receiver.get("/requests").await.as_array().expect("a list").len(), 10);
    assert_eq!(caught.load(SeqCst), 0);
}

#[tokio::test]
async fn whk_6_a_receivers_wish_to_be_asked_later_is_told() {
    let receiver = receiver().await;
    let event = signed(receiver.fact("url"), &SECRETS[..1]);
    let sender = sender(Targets::Any);
    for (text, asked) in [
        ("120", RetryAfter::Delay(Duration::from_secs(120))),
        ("Fri, 15 Jan 2027 08:00:00 GMT", RetryAfter::Moment(Timestamp::from_seconds(1_800_000_000))),
    ] {
        receiver.put("/mode", json!({ "status": 503, "retry_after": text })).await;
        assert_eq!(sender.send(&event).await, Ok(Answer { status: 503, retry_after: Some(asked) }));
    }
}

#[tokio::test]
async fn receivers_that_never_end_take_bounded_time() {
    let receiver = receiver().await;
    receiver.put("/mode", json!({ "status": 200, "endless": true })).await;
    let event = signed(receiver.fact("url"), &SECRETS[..1]);
    let patient = sender(Targets::Any);
    let answer = tokio::time::timeout(Duration::from_secs(5), patient.send(&event));
    assert_eq!(answer.await.expect("is not read to its end"), Ok(answered(200)));

    receiver.put("/mode", json!({ "hang": true })).await;
    let config = WebhooksConfig { timeout: Duration::from_millis(300), ..WebhooksConfig::new(Targets::Any) };
    let hurried = HttpWebhooks::new(&config);
    assert_eq!(hurried.send(&event).await, Err(SendFault::TimeOut));

    receiver.put("/mode", json!({ "status": 503 })).await;
    assert_eq!(hurried.send(&event).await, Ok(answered(503)));
    let url = receiver.fact("url").to_owned();
    receiver.stop().await;
    until("nobody listens any more", Duration::from_secs(10), async || {
        (hurried.send(&signed(&url, &[])).await == Err(SendFault::NoConnection)).then_some(())
    })
    .await;
}
