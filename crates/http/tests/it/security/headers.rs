//! T-OP-04: the same headers on every kind of answer (SEC-3).

use serde_json::json;

use crate::harness::{Engine, Options, Reply, TestServer};
use mainstay_http::ClassLimits;

const ALWAYS: [(&str, &str); 6] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[track_caller]
fn check(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{}", reply.text());
    for (name, value) in ALWAYS {
        assert_eq!(reply.header(name), Some(value), "{name} on {status}");
    }
    assert!(reply.header("permissions-policy").is_some_and(|policy| policy.contains("camera=()")));
    let csp = reply.header("content-security-policy").expect("a policy");
    assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'none'"), "{csp}");
    assert!(!csp.contains("unsafe"), "{csp}");
    assert!(reply.header("x-request-id").is_some());
    assert!(reply.header("server").is_none() && reply.header("x-powered-by").is_none());
    assert!(reply.header("cache-control").is_some());
}

on_both_engines! {
    async fn t_op_04_security_headers_are_on_every_answer(engine: Engine) {
        let mut options = Options::staging();
        options.http.rate_limits.public = ClassLimits::per_minute(20, 20);
        let checks = options.checks.clone();
        let server = TestServer::start_with(engine, options).await;
        let client = server.native();
        let ada = server.member("ada").await;

        let config = client.get("/v1/config").await;
        check(&config, 200);
        let tag = config.header("etag").expect("a tag").to_owned();
        check(&client.send(client.request("GET", "/v1/config").header("if-none-match", tag)).await, 304);
        check(&ada.post("/v1/notes", &json!({ "text": "x" })).await, 201);
        check(&client.get("/v1/auth/google/start").await, 303);
        check(&client.get("/v1/auth/me").await, 401);
        check(&client.get("/v1/nothing").await, 404);
        check(&client.get("/nothing").await, 404);
        check(&client.put("/v1/notes", &json!({})).await, 405);
        let large = json!({ "text": "x".repeat(300_000) });
        check(&ada.post("/v1/notes", &large).await, 413);
        check(&ada.post("/v1/notes", &json!({ "text": "" })).await, 422);
        let preflight = client.request("OPTIONS", "/v1/notes").header("origin", "https://app.example.com");
        check(&client.send(preflight.header("access-control-request-method", "POST")).await, 204);
        for path in ["/", "/sign-in", "/docs", "/docs/docs.css", "/v1/openapi.json"] {
            check(&client.get(path).await, 200);
        }
        *checks.0.lock().expect("not poisoned") = None;
        check(&client.get("/ready").await, 500);
        let limited = loop {
            let reply = client.get("/v1/config").await;
            if reply.status != 200 {
                break reply;
            }
        };
        check(&limited, 429);
    }

    async fn t_op_04_personal_answers_are_stored_nowhere(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        for path in ["/v1/auth/me", "/v1/notes", "/v1/me/sessions", "/v1/auth/csrf", "/v1/nothing"] {
            assert_eq!(ada.get(path).await.header("cache-control"), Some("no-store"), "{path}");
        }
        // A developer's machine must not teach browsers that localhost is https only.
        assert_eq!(ada.get("/v1/auth/me").await.header("strict-transport-security"), None);
    }

    async fn sec_3_a_public_address_by_tls_is_told_to_stay_so_in_every_environment(engine: Engine) {
        for (url, expected) in [
            ("https://dev.example.com", Some("max-age=31536000; includeSubDomains")),
            ("http://dev.example.com", None),
            // Else nothing else on the developer's machine could be reached without TLS for a year.
            ("https://localhost:8443", None),
        ] {
            let mut options = Options::dev();
            options.settings = mainstay_services::Settings::dev(url.parse().expect("a URL"));
            let server = TestServer::start_with(engine, options).await;
            for path in ["/health", "/v1/config", "/v1/nothing"] {
                let reply = server.native().get(path).await;
                assert_eq!(reply.header("strict-transport-security"), expected, "{url} {path}");
            }
        }
    }

    async fn obs_1_a_well_formed_request_id_is_kept(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.native();
        let request = client.request("GET", "/v1/nothing").header("x-request-id", "trace-0123456789");
        let reply = client.send(request).await.expect(404);
        assert_eq!(reply.header("x-request-id"), Some("trace-0123456789"));
        assert_eq!(reply.json()["request_id"], "trace-0123456789");
        for odd in ["short", "has space in it", "<script>alert(1)</script>"] {
            let reply = client.send(client.request("GET", "/v1/nothing").header("x-request-id", odd)).await;
            assert_ne!(reply.header("x-request-id"), Some(odd));
        }
    }
}
