//! Endpoints for outgoing events (WHK-6), as operators make, try and watch them.

use std::sync::Arc;

use mainstay_providers::Targets;
use mainstay_services::{events, limits};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Mutex,
};

use crate::harness::{Client, Engine, Options, TestServer};

const ENDPOINTS: &str = "/v1/operator/webhook-endpoints";

/// Takes every request with this status, and keeps its head.
async fn receiver(status: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let url = format!("http://{}/in", listener.local_addr().expect("an address"));
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read_buf(&mut head).await.expect("readable");
                assert!(read > 0, "ended in its head");
            }
            kept.lock().await.push(String::from_utf8_lossy(&head).to_ascii_lowercase());
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("writable");
        }
    });
    (url, heads)
}

fn private_targets() -> Options {
    Options { webhooks: Targets::Any, ..Options::dev() }
}

/// Its path and its secret.
async fn make(operator: &Client, url: &str) -> (String, String) {
    let body = json!({ "url": url, "description": "back end", "event_types": ["points.granted"] });
    let made = operator.post(ENDPOINTS, &body).await.expect(201).json();
    let id = made["endpoint"]["id"].as_str().expect("an id");
    (format!("{ENDPOINTS}/{id}"), made["secret"].as_str().expect("a secret").to_owned())
}

async fn deliver(server: &TestServer) {
    while events::deliver_due(&server.app).await.expect("the database is there") > 0 {}
}

on_both_engines! {
    async fn whk_6_a_secret_is_shown_once(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (path, secret) = make(&operator, "https://hooks.example.com/in?token=t").await;
        assert!(secret.starts_with("whsec_"));
        let rotated = operator.post(&format!("{path}/secret"), &json!({ "overlap_seconds": 60 })).await.expect(201).json();
        let rotated = rotated["secret"].as_str().expect("a secret").to_owned();
        assert!(rotated.starts_with("whsec_") && rotated != secret);
        let listed = operator.get(ENDPOINTS).await.expect(200);
        let view = &listed.json()["items"][0];
        assert_eq!(view["url"], "https://hooks.example.com/in?token=t");
        assert_eq!((&view["enabled"], &view["event_types"]), (&json!(true), &json!(["points.granted"])));
        for text in [listed.text(), operator.get(&path).await.expect(200).text()] {
            assert!(!text.contains("whsec") && !text.contains(&secret[6..]) && !text.contains(&rotated[6..]));
        }
        let too_long = json!({ "overlap_seconds": 86_401 });
        operator.post(&format!("{path}/secret"), &too_long).await.expect_problem(422, "validation_failed");
    }

    async fn whk_6_private_targets_and_unknown_events_are_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        for url in ["http://hooks.example.com/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://localhost/", "https://u:p@a.example/", "nonsense"] {
            operator.post(ENDPOINTS, &json!({ "url": url })).await.expect_problem(422, "validation_failed");
        }
        let body = json!({ "url": "https://hooks.example.com/", "event_types": ["points.stolen"] });
        operator.post(ENDPOINTS, &body).await.expect_problem(422, "validation_failed");
        let (path, _) = make(&operator, "https://hooks.example.com/").await;
        operator.patch(&path, &json!({ "url": "https://169.254.169.254/" })).await.expect_problem(422, "validation_failed");
        assert_eq!(operator.get(&path).await.expect(200).json()["url"], "https://hooks.example.com/");
    }

    async fn whk_6_a_test_event_arrives_and_the_log_tells_so(engine: Engine) {
        let server = TestServer::start_with(engine, private_targets()).await;
        let operator = server.operator("operator").await;
        let (url, heads) = receiver(204).await;
        let (path, _) = make(&operator, &url).await;
        let mut tests = Vec::new();
        for _ in 0..3 {
            let sent = operator.post(&format!("{path}/test"), &json!({})).await.expect(202).json();
            tests.push(sent["event_id"].as_str().expect("an id").to_owned());
            server.advance(limits::DELIVERY_POLL);
        }
        let waiting = operator.get(&format!("{path}/deliveries/{}", tests[0])).await.expect(200).json();
        assert_eq!((&waiting["delivery"]["state"], &waiting["attempts"]), (&json!("pending"), &json!([])));
        deliver(&server).await;
        assert_eq!(heads.lock().await.len(), 3);
        for head in heads.lock().await.iter() {
            for name in ["webhook-id: ", "webhook-timestamp: ", "webhook-signature: v1,"] {
                assert!(head.contains(name), "{name} is missing in {head}");
            }
        }
        let first = operator.get(&format!("{path}/deliveries?limit=2")).await.expect(200).json();
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let second = operator.get(&format!("{path}/deliveries?limit=2&cursor={cursor}")).await.expect(200).json();
        assert_eq!(second["next_cursor"], Value::Null);
        let pages = [&first, &second].map(|page| page["items"].as_array().expect("items").clone()).concat();
        let listed: Vec<_> = pages.iter().rev().map(|item| item["event_id"].as_str().expect("an id")).collect();
        assert_eq!(listed, tests);
        assert!(pages.iter().all(|item| item["state"] == "delivered" && item["last_status"] == 204));
        let detail = operator.get(&format!("{path}/deliveries/{}", tests[0])).await.expect(200).json();
        assert_eq!(detail["attempts"][0]["status"], 204);
        let body: Value = serde_json::from_str(detail["body"].as_str().expect("a body")).expect("JSON");
        assert_eq!((&body["type"], &body["id"]), (&json!("endpoint.test"), &json!(tests[0])));
        operator.post(&format!("{path}/deliveries/{}/resend", tests[0]), &json!({})).await.expect(202);
        deliver(&server).await;
        assert_eq!(heads.lock().await.len(), 4);
        operator.delete(&path).await.expect(204);
        operator.get(&path).await.expect_problem(404, "not_found");
        operator.get(&format!("{path}/deliveries")).await.expect_problem(404, "not_found");
    }

    async fn whk_6_an_endpoint_that_is_gone_is_shown_and_enabled_again(engine: Engine) {
        let server = TestServer::start_with(engine, private_targets()).await;
        let operator = server.operator("operator").await;
        let (url, heads) = receiver(410).await;
        let (path, _) = make(&operator, &url).await;
        operator.post(&format!("{path}/test"), &json!({})).await.expect(202);
        deliver(&server).await;
        let view = operator.get(&path).await.expect(200).json();
        assert_eq!((&view["enabled"], &view["disabled_reason"]), (&json!(false), &json!("gone")));
        operator.post(&format!("{path}/test"), &json!({})).await.expect_problem(409, "conflict");
        operator.post(&format!("{path}/resend"), &json!({})).await.expect_problem(409, "conflict");
        let view = operator.patch(&path, &json!({ "enabled": true })).await.expect(200).json();
        assert_eq!((&view["enabled"], &view["disabled_reason"]), (&json!(true), &Value::Null));
        let resent = operator.post(&format!("{path}/resend"), &json!({})).await.expect(202).json();
        assert_eq!(resent["deliveries"], 1);
        deliver(&server).await;
        assert_eq!(heads.lock().await.len(), 2);
    }
}
