//! One server: what it answers without configuration, what it logs, how it stops.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Scratch, TEST_AUTH, access_token, client};

#[tokio::test]
async fn the_main_job_starts_without_any_configuration() {
    let scratch = Scratch::sqlite();
    let node = scratch.serve().await;
    let health: Value = node.get("/health").send().await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ok");
    assert!(health.get("sabotaged").is_none(), "a normal build has nothing to leave out");
    assert_eq!(health["capabilities"]["passkey"]["enabled"], true);
    assert_eq!(health["capabilities"]["google_oauth"]["enabled"], false);
    assert!(health["capabilities"]["google_oauth"]["reason"].is_string());

    let ready: Value = node.get("/ready").send().await.unwrap().json().await.unwrap();
    for check in ["configuration", "database", "migrations", "key_ring"] {
        assert_eq!(ready["checks"][check]["state"], "ok", "{ready}");
        assert!(ready["checks"][check]["age_ms"].is_number());
    }
    assert_eq!(ready["checks"]["redis"]["state"], "disabled");

    let page = node.get("/").header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn cap_3_a_module_that_is_switched_off_says_so_everywhere() {
    let mut scratch = Scratch::sqlite();
    scratch.set("MAINSTAY_MODULES_OFF", "notes,tenants,passkey,email_code");
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    let node = scratch.serve().await;
    let token = access_token(&node.sign_in("ada").await).to_owned();
    let health: Value = node.get("/health").send().await.unwrap().json().await.unwrap();
    for (capability, method, path) in [
        ("notes", Method::GET, "/v1/notes"),
        ("notes", Method::POST, "/v1/notes"),
        ("tenants", Method::GET, "/v1/tenants"),
        ("tenants", Method::POST, "/v1/tenants"),
        ("passkey", Method::POST, "/v1/auth/passkey/login/start"),
        ("email_code", Method::POST, "/v1/auth/email/start"),
    ] {
        assert_eq!(health["capabilities"][capability]["enabled"], false);
        let answer = node.request(method, path).bearer_auth(&token).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "capability_unavailable");
        assert_eq!(problem["capability"], capability);
        assert_eq!(problem["reason"], health["capabilities"][capability]["reason"]);
    }
    assert_eq!(
        node.get("/v1/nowhere").bearer_auth(&token).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn sec_6_metrics_answer_only_on_the_internal_listener() {
    let scratch = Scratch::sqlite();
    let node = scratch.serve().await;
    assert_eq!(node.get("/metrics").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let url = format!("http://127.0.0.1:{}/metrics", node.metrics_port);
    let text = client().get(url).send().await.unwrap().text().await.unwrap();
    for metric in
        ["mainstay_build_info", "mainstay_http_requests_total", "mainstay_db_connections", "mainstay_ready"]
    {
        assert!(text.contains(metric), "{metric} is missing in {text}");
    }
}

#[tokio::test]
async fn ops_5_a_server_that_is_told_to_stop_ends_in_order_and_keeps_what_it_acknowledged() {
    let mut scratch = Scratch::sqlite();
    // Both runs have one address, and so one token issuer, whatever port they find.
    scratch.set("MAINSTAY_PUBLIC_URL", "http://localhost:8080");
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    let mut node = scratch.serve().await;
    let token = access_token(&node.sign_in("ada").await).to_owned();
    let writes = (0..50).map(|n| {
        let request = node.post("/v1/notes", &json!({ "text": format!("note {n}") })).bearer_auth(&token);
        async { request.send().await.is_ok_and(|answer| answer.status() == StatusCode::CREATED) }
    });
    let acknowledged = futures::future::join_all(writes).await.into_iter().filter(|ok| *ok).count();
    assert_eq!(acknowledged, 50);
    assert!(node.stop().await.success(), "{}", node.log());
    assert!(node.log().contains("stopped"), "{}", node.log());

    let node = scratch.serve().await;
    let page: Value =
        node.get("/v1/notes?limit=100").bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), acknowledged);
}

#[tokio::test]
async fn obs_1_a_line_names_its_request_once_in_both_formats() {
    for (format, filter) in [("json", "info"), ("text", "info"), ("json", "warn,mainstay::access=info")] {
        let mut scratch = Scratch::sqlite();
        scratch.set("MAINSTAY_LOG_FORMAT", format);
        scratch.set("MAINSTAY_LOG", filter);
        let mut node = scratch.serve().await;
        let id = "find-me-0123456789";
        node.get("/v1/config").header("x-request-id", id).send().await.unwrap();
        assert!(node.stop().await.success(), "{}", node.log());
        let log = node.log();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("/v1/config")).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert_eq!(lines[0].matches(id).count(), 1, "{format}: {}", lines[0]);
        assert_eq!(lines[0].matches("request_id").count(), 1, "{format}: {}", lines[0]);
        if format == "json" {
            let line: Value = serde_json::from_str(lines[0]).unwrap();
            assert_eq!(line["span"]["request_id"], id);
        }
    }
}

#[tokio::test]
async fn refusals_that_were_not_written_yet_are_written_at_the_end() {
    let scratch = Scratch::sqlite();
    let mut node = scratch.serve().await;
    let forged = node.post("/v1/auth/email/start", &json!({ "email": "eve@example.com" }));
    let answer = forged.header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(node.stop().await.success(), "{}", node.log());
    let database = std::fs::read(scratch.database_file()).unwrap();
    assert!(database.windows(16).any(|bytes| bytes == b"\"origin_refused\""));
}

#[tokio::test]
async fn an_acknowledged_write_survives_kill_9() {
    let mut scratch = Scratch::sqlite();
    // Both runs have one address, and so one token issuer, whatever port they find.
    scratch.set("MAINSTAY_PUBLIC_URL", "http://localhost:8080");
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    let mut node = scratch.serve().await;
    let token = access_token(&node.sign_in("ada").await).to_owned();
    for n in 0..20 {
        let answer =
            node.post("/v1/notes", &json!({ "text": format!("note {n}") })).bearer_auth(&token).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::CREATED);
    }
    node.child.kill().unwrap();
    node.child.wait().unwrap();
    let node = scratch.serve().await;
    let page: Value =
        node.get("/v1/notes?limit=100").bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn t_op_11_canaries_reach_no_log_and_no_metric() {
    let mut scratch = Scratch::sqlite();
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    scratch.set("MAINSTAY_LOG", "debug,hyper=info");
    scratch.set("MAINSTAY_PASSWORD_SIGN_IN", "true");
    let node = scratch.serve().await;
    let signed_in = node.sign_in("ada").await;
    let (token, refresh) = (access_token(&signed_in), signed_in["refresh_token"].as_str().unwrap());
    let canaries =
        ["canaryaddress@example.com", "canary-password-1", "canary-cookie-value-1", "4242424242424242"];
    for path in [
        "/v1/auth/email/start",
        "/v1/auth/login",
        "/v1/auth/register",
        "/v1/auth/refresh",
        "/v1/notes",
        "/nowhere",
    ] {
        let body = json!({ "email": canaries[0], "password": canaries[1], "text": canaries[3], "refresh_token": canaries[1] });
        let answer = node
            .post(&format!("{path}?email={}&token={}", canaries[0], canaries[1]), &body)
            .header("cookie", format!("mainstay_refresh={}; x={}", canaries[2], canaries[2]))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        assert!(!text.contains(canaries[1]) && !text.contains(canaries[2]), "{path}: {text}");
    }
    node.post("/v1/auth/refresh", &json!({ "refresh_token": refresh })).send().await.unwrap();
    let url = format!("http://127.0.0.1:{}/metrics", node.metrics_port);
    let metrics = client().get(url).send().await.unwrap().text().await.unwrap();
    for secret in canaries.iter().copied().chain([token, refresh, TEST_AUTH]) {
        assert!(!node.log().contains(secret), "{secret} is in the log");
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
    }
    assert!(node.log().contains("/v1/auth/login"), "nothing was logged at all: {}", node.log());
}
