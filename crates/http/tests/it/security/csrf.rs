//! T-OP-06: what another site makes a browser send is refused, and changes nothing (SEC-2).

use reqwest::RequestBuilder;
use serde_json::json;

use crate::harness::{Client, Engine, TestServer};

const OURS: &str = "http://localhost:8080";

/// What a browser sends along, whoever made it.
fn with_cookies(anybody: &Client, victim: &Client, method: &str, path: &str) -> RequestBuilder {
    let access = victim.cookie("mainstay_access").expect("a cookie");
    let refresh = victim.cookie("mainstay_refresh").expect("a cookie");
    anybody
        .request(method, path)
        .header("cookie", format!("mainstay_access={access}; mainstay_refresh={refresh}"))
}

on_both_engines! {
    async fn t_op_06_cross_site_requests_change_nothing(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (ada, anybody) = (server.member("ada").await, server.native());
        let token = ada.csrf_token();
        let post = || with_cookies(&anybody, &ada, "POST", "/v1/notes");
        let body = json!({ "text": "forged" }).to_string();
        let json_body = |request: RequestBuilder| request.header("content-type", "application/json").body(body.clone());
        let attacks: Vec<(&str, RequestBuilder, &str)> = vec![
            ("no headers", json_body(post()), "origin_refused"),
            ("null origin", json_body(post().header("origin", "null").header("x-csrf-token", &token)), "origin_refused"),
            ("evil origin", json_body(post().header("origin", "https://evil.example").header("x-csrf-token", &token)), "origin_refused"),
            ("cross-site", json_body(post().header("sec-fetch-site", "cross-site").header("x-csrf-token", &token)), "origin_refused"),
            ("same-site", json_body(post().header("sec-fetch-site", "same-site").header("x-csrf-token", &token)), "origin_refused"),
            ("token without origin", json_body(post().header("x-csrf-token", &token)), "origin_refused"),
            ("origin without token", json_body(post().header("origin", OURS)), "csrf_refused"),
            ("wrong token", json_body(post().header("origin", OURS).header("x-csrf-token", "wrong")), "csrf_refused"),
            ("two tokens", json_body(post().header("origin", OURS).header("x-csrf-token", "x").header("x-csrf-token", &token)), "csrf_refused"),
            ("text/plain form", post().header("origin", "https://evil.example").header("content-type", "text/plain").body(body.clone()), "origin_refused"),
            ("multipart form", post().header("origin", "null").header("content-type", "multipart/form-data; boundary=x").body("--x--"), "origin_refused"),
            ("text/plain from here", post().header("origin", OURS).header("content-type", "text/plain").body(body.clone()), "csrf_refused"),
        ];
        for (name, request, code) in attacks {
            let reply = anybody.send(request).await;
            assert_eq!((reply.status, reply.code().as_str()), (403, code), "{name}");
        }
        let typed = post().header("origin", OURS).header("x-csrf-token", &token).header("content-type", "text/plain");
        anybody.send(typed.body(body.clone())).await.expect_problem(415, "unsupported_media_type");
        assert_eq!(ada.get("/v1/notes").await.expect(200).json()["items"], json!([]));
        // And what our own page sends works.
        let honest = json_body(post().header("origin", OURS).header("x-csrf-token", &token));
        anybody.send(honest).await.expect(201);
        let honest = json_body(post().header("sec-fetch-site", "same-origin").header("x-csrf-token", &token));
        anybody.send(honest).await.expect(201);
    }

    async fn t_op_06_a_method_override_overrides_nothing(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (ada, anybody) = (server.member("ada").await, server.native());
        let note = ada.note("stays").await;
        let path = format!("/v1/notes/{note}");
        for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let request = with_cookies(&anybody, &ada, "GET", &format!("{path}?_method=DELETE")).header(header, "DELETE");
            anybody.send(request).await.expect(200);
            let request = with_cookies(&anybody, &ada, "POST", &path).header(header, "DELETE").header("origin", OURS);
            anybody.send(request).await.expect_problem(405, "method_not_allowed");
        }
        ada.get(&path).await.expect(200);
    }

    async fn sec_2_the_token_of_another_session_is_wrong(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (ada, eve, anybody) = (server.member("ada").await, server.member("eve").await, server.native());
        let request = with_cookies(&anybody, &ada, "POST", "/v1/notes").header("origin", OURS);
        let request = request.header("x-csrf-token", eve.csrf_token()).json(&json!({ "text": "forged" }));
        anybody.send(request).await.expect_problem(403, "csrf_refused");
    }

    async fn sec_2_signing_in_for_somebody_else_is_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let anybody = server.native();
        for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            let request = anybody.request("POST", "/v1/auth/email/start").header(name, value);
            let reply = anybody.send(request.json(&json!({ "email": "eve@example.com" }))).await;
            reply.expect_problem(403, "origin_refused");
        }
        assert!(server.mail().await.is_empty());
    }

    async fn sec_2_bearer_requests_need_no_token(engine: Engine) {
        let server = TestServer::start(engine).await;
        server.native_member("ada").await.note("by bearer").await;
    }

    async fn t_op_06_log_out_from_elsewhere_is_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (ada, anybody) = (server.member("ada").await, server.native());
        let request = with_cookies(&anybody, &ada, "POST", "/v1/auth/logout");
        anybody.send(request).await.expect_problem(403, "origin_refused");
        let request = with_cookies(&anybody, &ada, "POST", "/v1/auth/logout").header("origin", OURS);
        anybody.send(request).await.expect_problem(403, "csrf_refused");
        ada.me().await;
    }
}
