//! SEC-4: rate limits, their headers, and what happens while the shared limiter is away (the edge's part of T-OP-03).

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use mainstay_http::ClassLimits;
use mainstay_services::ports::{Admission, Backoff, Decision, Limiter, LimiterUnavailable, Quota};
use serde_json::json;

use crate::harness::{Engine, Options, TestServer, rendered_metrics};

/// A limiter that is away: it refuses at once, or never answers.
struct Lost {
    is_silent: bool,
}

impl Lost {
    async fn answer<T>(&self) -> Result<T, LimiterUnavailable> {
        if self.is_silent {
            pending::<()>().await;
        }
        Err(LimiterUnavailable("connection refused".to_owned()))
    }
}

#[async_trait]
impl Limiter for Lost {
    async fn take(&self, _: &str, _: Quota) -> Result<Decision, LimiterUnavailable> {
        self.answer().await
    }

    async fn backoff_remaining(&self, _: &str) -> Result<Duration, LimiterUnavailable> {
        self.answer().await
    }

    async fn record_failure(&self, _: &str, _: Backoff) -> Result<Duration, LimiterUnavailable> {
        self.answer().await
    }

    async fn admit(&self, _: &str, _: Backoff) -> Result<Admission, LimiterUnavailable> {
        self.answer().await
    }

    async fn clear_failures(&self, _: &str) -> Result<(), LimiterUnavailable> {
        self.answer().await
    }

    async fn ping(&self) -> Result<(), LimiterUnavailable> {
        self.answer().await
    }
}

on_both_engines! {
    async fn sec_4_members_are_limited_each_for_themselves(engine: Engine) {
        let mut options = Options::dev();
        options.http.rate_limits.write = ClassLimits::per_minute(1_000, 3);
        let server = TestServer::start_with(engine, options).await;
        let (ada, bob) = (server.native_member("ada").await, server.native_member("bob").await);
        for number in 0..3 {
            let reply = ada.post("/v1/notes", &json!({ "text": "x" })).await.expect(201);
            assert_eq!(reply.header("ratelimit-policy"), Some("\"write\";q=3;w=60"));
            let state = reply.header("ratelimit").expect("a state");
            assert!(state.starts_with(&format!("\"write\";r={};t=", 2 - number)), "{state}");
        }
        let refused = ada.post("/v1/notes", &json!({ "text": "x" })).await.expect_problem(429, "rate_limited");
        let wait: u64 = refused.header("retry-after").expect("a time").parse().expect("seconds");
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(refused.json()["retry_after_seconds"], wait);
        // Reading is another class, and bob is another member.
        ada.get("/v1/notes").await.expect(200);
        bob.post("/v1/notes", &json!({ "text": "x" })).await.expect(201);
        server.advance(Duration::from_secs(wait));
        ada.post("/v1/notes", &json!({ "text": "x" })).await.expect(201);
        assert!(rendered_metrics().contains("mainstay_rate_limit_denials_total{class=\"write\"}"));
    }

    async fn sec_4_strangers_are_limited_by_address(engine: Engine) {
        let mut options = Options::dev();
        options.http.rate_limits.public = ClassLimits::per_minute(5, 5);
        let server = TestServer::start_with(engine, options).await;
        for number in 0..5 {
            server.native().get(&format!("/v1/guess-{number}")).await.expect(404);
        }
        server.native().get("/v1/guess-6").await.expect_problem(429, "rate_limited");
        // Probes are not counted.
        server.native().get("/health").await.expect(200);
    }

    async fn t_op_03_without_the_limiter_signing_in_and_writing_are_closed(engine: Engine) {
        for is_silent in [false, true] {
            let mut options = Options::staging();
            options.limiter = Some(Arc::new(Lost { is_silent }));
            let server = TestServer::start_with(engine, options).await;
            let anybody = server.native();
            for path in ["/v1/auth/email/start", "/v1/auth/login", "/v1/auth/passkey/login/start", "/v1/notes"] {
                let body = json!({});
                let asked = tokio::time::timeout(Duration::from_secs(2), anybody.post(path, &body));
                let refused = asked.await.expect("in time").expect_problem(503, "dependency_unavailable");
                assert!(refused.header("retry-after").is_some());
            }
            anybody.get("/v1/config").await.expect(200);
            anybody.get("/v1/auth/me").await.expect_problem(401, "unauthenticated");
            anybody.get("/health").await.expect(200);
        }
        let metrics = rendered_metrics();
        assert!(metrics.contains("mainstay_rate_limiter_unavailable_total{class=\"auth\",outcome=\"closed\"}"));
        assert!(metrics.contains("mainstay_rate_limiter_unavailable_total{class=\"read\",outcome=\"local\"}"));
    }

    async fn t_op_03_reads_are_still_limited_by_this_process(engine: Engine) {
        let mut options = Options::staging();
        options.limiter = Some(Arc::new(Lost { is_silent: false }));
        options.http.rate_limits.public = ClassLimits::per_minute(3, 3);
        let server = TestServer::start_with(engine, options).await;
        for _ in 0..3 {
            server.native().get("/v1/config").await.expect(200);
        }
        server.native().get("/v1/config").await.expect_problem(429, "rate_limited");
    }
}
