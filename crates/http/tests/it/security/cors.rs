//! T-OP-05: pages of other origins get nothing (SEC-1).

use crate::harness::{Engine, Options, TestServer};

const EVIL: [&str; 7] = [
    "https://evil.example",
    "null",
    "https://app.example.com.evil.example",
    "https://evilapp.example.com",
    "http://app.example.com",
    "https://sub.app.example.com",
    "https://app.example.com:444",
];

fn options() -> Options {
    let mut options = Options::staging();
    options.http.allowed_origins = vec!["https://partner.example".to_owned()];
    options
}

on_both_engines! {
    async fn t_op_05_foreign_origins_get_nothing(engine: Engine) {
        let server = TestServer::start_with(engine, options()).await;
        let client = server.native();
        for origin in EVIL {
            for path in ["/v1/config", "/v1/auth/me", "/health", "/v1/nothing"] {
                let reply = client.send(client.request("GET", path).header("origin", origin)).await;
                for header in ["access-control-allow-origin", "access-control-allow-credentials"] {
                    assert_eq!(reply.header(header), None, "{origin} {path}");
                }
                assert!(reply.headers.get_all("vary").iter().any(|value| value == "Origin"), "{origin} {path}");
            }
            let preflight = client.request("OPTIONS", "/v1/notes").header("origin", origin);
            let reply = client.send(preflight.header("access-control-request-method", "POST")).await;
            let reply = reply.expect_problem(403, "origin_refused");
            assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
            let post = client.request("POST", "/v1/auth/passkey/login/start").header("origin", origin);
            client.send(post).await.expect_problem(403, "origin_refused");
        }
    }

    async fn sec_1_our_origins_are_named_exactly_and_with_credentials(engine: Engine) {
        let server = TestServer::start_with(engine, options()).await;
        let client = server.native();
        for origin in ["https://app.example.com", "https://partner.example"] {
            let reply = client.send(client.request("GET", "/v1/config").header("origin", origin)).await.expect(200);
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
            assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
            let preflight = client.request("OPTIONS", "/v1/notes/x").header("origin", origin);
            let preflight = preflight.header("access-control-request-method", "PATCH").header("access-control-request-headers", "x-csrf-token");
            let reply = client.send(preflight).await.expect(204);
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
            assert!(reply.header("access-control-allow-methods").expect("methods").contains("PATCH"));
            assert!(reply.header("access-control-allow-headers").expect("headers").contains("x-csrf-token"));
        }
        let reply = client.get("/v1/config").await.expect(200);
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
}
