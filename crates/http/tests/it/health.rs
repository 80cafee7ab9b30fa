//! Probes and metrics (CAP-1, CFG-5, SEC-6).

use std::time::Duration;

use mainstay_http::{Check, CheckState};
use mainstay_services::Capability;
use reqwest::RequestBuilder;
use secrecy::SecretString;

use crate::harness::{Engine, Options, TestServer, capabilities_without};

on_both_engines! {
    async fn cap_1_health_names_every_capability_and_why_it_is_off(engine: Engine) {
        let mut options = Options::dev();
        options.capabilities = capabilities_without(&[Capability::Wallet]);
        let server = TestServer::start_with(engine, options).await;
        let health = server.native().get("/health").await.expect(200).json();
        assert_eq!(health["status"], "ok");
        let map = health["capabilities"].as_object().expect("a map");
        assert_eq!(map.len(), Capability::ALL.len());
        assert_eq!(map["notes"], serde_json::json!({ "enabled": true, "reason": null }));
        assert_eq!(map["wallet"], serde_json::json!({ "enabled": false, "reason": "It is switched off." }));
    }

    async fn cfg_5_health_touches_no_dependency(engine: Engine) {
        let server = TestServer::start(engine).await;
        server.app.store.close().await;
        server.native().get("/health").await.expect(200);
        server.native().get("/v1/config").await.expect(200);
    }

    async fn cfg_5_ready_shows_each_check_with_state_and_age(engine: Engine) {
        let options = Options::dev();
        let checks = options.checks.clone();
        let server = TestServer::start_with(engine, options).await;
        for path in ["/ready", "/readyz"] {
            let ready = server.native().get(path).await.expect(200).json();
            let expected = serde_json::json!({
                "status": "ready",
                "checks": { "database": { "state": "ok", "detail": "answers", "age_ms": 5 } },
            });
            assert_eq!(ready, expected);
        }
        let check = |name, state| Check { name, state, detail: "why".to_owned(), age: Duration::ZERO };
        *checks.0.lock().expect("not poisoned") =
            Some(vec![check("redis", CheckState::Disabled), check("database", CheckState::Failed)]);
        let unready = server.native().get("/ready").await.expect(503).json();
        assert_eq!(unready["status"], "unready");
        assert_eq!(unready["checks"]["redis"]["state"], "disabled");
        assert_eq!(unready["checks"]["database"]["state"], "failed");
    }

    async fn sec_6_metrics_are_for_the_internal_listener_and_the_token_only(engine: Engine) {
        let mut options = Options::dev();
        options.http.metrics_listen = vec![([127, 0, 0, 1], 0).into()];
        options.http.metrics_token = Some(SecretString::from("token-for-metrics"));
        let server = TestServer::start_with(engine, options).await;
        let anybody = server.native();
        anybody.get("/health").await.expect(200);
        anybody.get("/metrics").await.expect_problem(404, "not_found");
        server.operator("operator").await.get("/metrics").await.expect_problem(404, "not_found");
        let with = |token: &str| -> RequestBuilder { anybody.request("GET", "/metrics").bearer_auth(token) };
        anybody.send(with("wrong")).await.expect_problem(404, "not_found");
        let text = anybody.send(with("token-for-metrics")).await.expect(200).text();
        assert!(text.contains("mainstay_http_requests_total{route=\"/health\",method=\"GET\",status=\"200\"}"), "{text}");

        let internal = format!("http://{}", server.metrics_address.expect("listens"));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let reply = client.get(format!("{internal}/metrics")).send().await.expect("an answer");
        assert_eq!(reply.status(), 200);
        let reply = client.get(format!("{internal}/v1/config")).send().await.expect("an answer");
        assert_eq!(reply.status(), 404);
    }

    async fn obs_2_requests_are_counted_by_pattern(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        let note = ada.note("x").await;
        ada.get(&format!("/v1/notes/{note}")).await.expect(200);
        server.native().get("/v1/secret-of-a-scanner").await.expect(404);
        let text = crate::harness::rendered_metrics();
        assert!(text.contains("mainstay_http_requests_total{route=\"/v1/notes/{note_id}\",method=\"GET\",status=\"200\"}"));
        assert!(text.contains("mainstay_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"}"));
        assert!(text.contains("mainstay_http_request_seconds"));
        assert!(!text.contains(&note) && !text.contains("scanner"));
    }
}
