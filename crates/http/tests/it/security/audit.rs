//! Refusals at the edge leave an event in the audit trail (SEC-2, SEC-4).

use mainstay_http::ClassLimits;
use mainstay_services::refusals;
use serde_json::{Value, json};

use crate::harness::{Client, Engine, Options, TestServer};

/// The details of what the trail has, newest first.
async fn refused(operator: &Client) -> Vec<Value> {
    let page = operator.get("/v1/operator/audit?action=edge.refused").await.expect(200).json();
    page["items"].as_array().expect("items").iter().map(|event| event["detail"].clone()).collect()
}

on_both_engines! {
    async fn sec_2_refused_origins_and_tokens_are_in_the_trail(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (operator, ada, anybody) = (server.operator("operator").await, server.member("ada").await, server.native());
        for _ in 0..3 {
            let forged = anybody.request("POST", "/v1/auth/email/start").header("origin", "https://evil.example");
            anybody.send(forged.json(&json!({ "email": "eve@example.com" }))).await.expect_problem(403, "origin_refused");
        }
        let preflight = anybody.request("OPTIONS", "/v1/notes").header("origin", "https://evil.example");
        anybody.send(preflight.header("access-control-request-method", "POST")).await.expect_problem(403, "origin_refused");
        let forged = ada.request("POST", "/v1/notes").header("x-csrf-token", "another");
        ada.send(forged.json(&json!({ "text": "x" }))).await.expect_problem(403, "csrf_refused");
        // What is only mistaken is nobody's attack.
        anybody.get("/v1/auth/me").await.expect(401);
        assert!(refused(&operator).await.is_empty());
        refusals::flush(&server.app).await.expect("writes");
        let events = refused(&operator).await;
        assert_eq!(events.len(), 3, "{events:?}");
        let count = |code: &str, route: &str| {
            let found = events.iter().find(|event| event["code"] == code && event["route"] == route);
            found.unwrap_or_else(|| panic!("{code} at {route} is not in {events:?}"))["count"].clone()
        };
        assert_eq!(count("origin_refused", "/v1/auth/email/start"), 3);
        assert_eq!(count("origin_refused", "unmatched"), 1);
        assert_eq!(count("csrf_refused", "/v1/notes"), 1);
        assert!(events.iter().all(|event| event["network"] == "127.0.0.0/24"));
    }

    async fn sec_4_refused_sign_ins_are_in_the_trail_and_refused_reads_are_not(engine: Engine) {
        let mut options = Options::dev();
        options.http.rate_limits.auth = ClassLimits::per_minute(4, 4);
        options.http.rate_limits.public = ClassLimits::per_minute(2, 2);
        let server = TestServer::start_with(engine, options).await;
        let (operator, anybody) = (server.operator("operator").await, server.native());
        let mut denied = 0_u64;
        for _ in 0..8 {
            let reply = anybody.post("/v1/auth/passkey/login/start", &json!({})).await;
            denied += u64::from(reply.status == 429);
            anybody.get("/v1/config").await;
        }
        assert!(denied > 0);
        refusals::flush(&server.app).await.expect("writes");
        let events = refused(&operator).await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((&events[0]["code"], &events[0]["count"]), (&json!("rate_limited"), &json!(denied)));
    }
}
