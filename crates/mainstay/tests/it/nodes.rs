//! Two server processes on one PostgreSQL and one Redis.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{
    Node, Scratch, TEST_AUTH, access_token, eventually, free_port, service, signal_process,
};

/// A Redis of this test's own, so that it may be stopped.
struct OwnRedis {
    child: Child,
    port: u16,
}

impl OwnRedis {
    fn start(port: u16) -> Self {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed by `cargo xtask setup --tests`");
        Self { child, port }
    }

    /// One command in Redis's inline form; its whole answer.
    fn ask(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.end();
    }
}

async fn two_dev_nodes(scratch: &mut Scratch) -> (Node, Node) {
    scratch.set("REDIS_URL", &service("MAINSTAY_TEST_REDIS_URL"));
    scratch.set("MAINSTAY_NODES", "2");
    scratch.set("MAINSTAY_PUBLIC_URL", "http://localhost:8080");
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    scratch.set("TOKEN_ENCRYPTION_KEY", "hPZ0yWlq4mO2nE7cJ5r_bV9sT1uX-aKdGfI3wQzL6o8=");
    (scratch.serve().await, scratch.serve().await)
}

#[tokio::test]
async fn ses_5_a_log_out_on_one_node_holds_on_the_other_within_a_second() {
    let mut scratch = Scratch::postgres().await;
    let (one, two) = two_dev_nodes(&mut scratch).await;
    let signed_in = one.sign_in("ada").await;
    let token = access_token(&signed_in);
    assert_eq!(two.me(token).await, StatusCode::OK);
    let answer = one.post("/v1/auth/logout", &json!({})).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(one.me(token).await, StatusCode::UNAUTHORIZED);
    let ended = Instant::now();
    eventually("the other node refuses", || async { two.me(token).await == StatusCode::UNAUTHORIZED }).await;
    assert!(ended.elapsed() < Duration::from_secs(1), "it took {:?}", ended.elapsed());
}

#[tokio::test]
async fn ses_3_a_rotated_key_is_shown_by_every_node() {
    let mut scratch = Scratch::postgres().await;
    let (one, two) = two_dev_nodes(&mut scratch).await;
    let token = access_token(&one.sign_in("ada").await).to_owned();
    let rotated = scratch.json(&["keys", "rotate", "--immediately"]);
    let kid = rotated["kid"].as_str().unwrap();
    for node in [&one, &two] {
        eventually("the new key is shown", || async {
            node.get("/.well-known/jwks.json").send().await.unwrap().text().await.unwrap().contains(kid)
        })
        .await;
        assert_eq!(node.me(&token).await, StatusCode::OK, "a rotation signed somebody out");
    }
}

#[tokio::test]
async fn sec_4_a_rate_limit_is_shared_between_nodes() {
    let mut scratch = Scratch::postgres().await;
    let mut redis = OwnRedis::start(free_port());
    scratch.set("REDIS_URL", &format!("redis://127.0.0.1:{}", redis.port));
    scratch.set("MAINSTAY_NODES", "2");
    scratch.set("MAINSTAY_RATE_LIMITS", "auth=10/10");
    let (one, two) = (scratch.serve().await, scratch.serve().await);
    let mut allowed = 0;
    for n in 0..20 {
        let node = if n % 2 == 0 { &one } else { &two };
        let answer = node.post("/v1/auth/passkey/login/start", &json!({})).send().await.unwrap();
        if answer.status() == StatusCode::OK {
            allowed += 1;
        } else {
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
            assert!(answer.headers().contains_key("retry-after"));
        }
    }
    // One bucket of ten for both; it refills by one every six seconds.
    assert!((10..=12).contains(&allowed), "{allowed} were let through");
    redis.end();
}

#[tokio::test]
async fn t_op_03_without_redis_closed_classes_answer_503_within_two_seconds_and_recover() {
    let mut scratch = Scratch::postgres().await;
    let mut redis = OwnRedis::start(free_port());
    for (name, value) in [
        ("MAINSTAY_ENV", "staging"),
        ("MAINSTAY_PUBLIC_URL", "https://app.example.com"),
        ("ALLOWED_ORIGINS", "https://app.example.com"),
        ("TOKEN_ENCRYPTION_KEY", "hPZ0yWlq4mO2nE7cJ5r_bV9sT1uX-aKdGfI3wQzL6o8="),
    ] {
        scratch.set(name, value);
    }
    scratch.set("REDIS_URL", &format!("redis://127.0.0.1:{}", redis.port));
    let node = scratch.serve().await;
    let closed = || async {
        let begun = Instant::now();
        let answer = node.post("/v1/auth/passkey/login/start", &json!({})).send().await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "an answer took {:?}", begun.elapsed());
        answer
    };
    assert_eq!(closed().await.status(), StatusCode::OK);
    let keys = redis.ask("DBSIZE");
    assert!(!keys.starts_with(":0"), "nothing was counted in Redis");
    for key in redis.ask("KEYS *").lines().filter(|line| line.starts_with("mainstay:")) {
        let expiry = redis.ask(&format!("PTTL {key}"));
        assert!(!expiry.starts_with(":-1"), "{key} has no expiry");
    }

    // Black-holed: it takes connections and never answers.
    signal_process(redis.child.id(), "STOP");
    let answer = closed().await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(
        node.get("/.well-known/jwks.json").send().await.unwrap().status(),
        StatusCode::OK,
        "reads go on"
    );
    eventually("/ready says so", || async {
        let answer = node.get("/ready").send().await.unwrap();
        answer.status() == StatusCode::SERVICE_UNAVAILABLE
            && answer.text().await.unwrap().contains("Redis does not answer")
    })
    .await;
    signal_process(redis.child.id(), "CONT");
    eventually("it recovers by itself", || async { closed().await.status() == StatusCode::OK }).await;
    node.ready().await;

    // Stopped: nobody listens.
    let port = redis.port;
    redis.end();
    let answer = closed().await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let redis = OwnRedis::start(port);
    eventually("it recovers by itself", || async { closed().await.status() == StatusCode::OK }).await;
    drop(redis);
}
