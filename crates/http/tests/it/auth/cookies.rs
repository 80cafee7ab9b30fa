//! What browsers are given to keep (SES-4).

use serde_json::json;

use crate::harness::{Client, Engine, Options, Reply, TEST_AUTH, TestServer};

async fn sign_in(client: &Client) -> Reply {
    let request = client.request("POST", "/v1/auth/test-login").header("x-test-auth", TEST_AUTH);
    client.send(request.json(&json!({ "identity": "ada" }))).await.expect(200)
}

on_both_engines! {
    async fn ses_4_cookies_of_a_deployment_are_locked_down(engine: Engine) {
        let server = TestServer::start_with(engine, Options::staging()).await;
        let client = server.browser();
        let reply = sign_in(&client).await;
        let access = reply.set_cookie("__Host-mainstay_access").expect("a cookie");
        assert!(access.ends_with("; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax"), "{access}");
        let refresh = reply.set_cookie("__Secure-mainstay_refresh").expect("a cookie");
        assert!(refresh.contains("; Path=/v1/auth; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"), "{refresh}");
        let session = reply.set_cookie("__Host-mainstay_session").expect("a cookie");
        assert!(session.ends_with("; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"), "{session}");
        assert_eq!(reply.set_cookies().len(), 3);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        // No token where script could read it.
        let body = reply.json();
        for field in ["access_token", "refresh_token", "token_type"] {
            assert!(body.get(field).is_none(), "{field}");
        }
        let (access, refresh) = (client.cookie("__Host-mainstay_access"), client.cookie("__Secure-mainstay_refresh"));
        assert!(!reply.text().contains(&access.expect("kept")) && !reply.text().contains(&refresh.expect("kept")));

        let start = client.post("/v1/auth/email/start", &json!({ "email": "ada@example.com" })).await.expect(202);
        let flow = start.set_flow_cookie("__Host-mainstay_flow_email").expect("a cookie");
        assert!(flow.ends_with("; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"), "{flow}");
        let start = client.get("/v1/auth/apple/start").await.expect(303);
        let flow = start.set_flow_cookie("__Host-mainstay_flow_apple").expect("a cookie");
        assert!(flow.ends_with("; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=None"), "{flow}");

        let end = client.post("/v1/auth/logout", &json!({})).await.expect(204);
        for name in ["__Host-mainstay_access", "__Secure-mainstay_refresh"] {
            let cookie = end.set_cookie(name).expect("cleared");
            assert!(cookie.contains("=; ") && cookie.contains("Max-Age=0") && cookie.contains("Secure"), "{cookie}");
        }
    }

    async fn ses_4_cookies_of_a_developer_work_over_plain_http(engine: Engine) {
        let server = TestServer::start(engine).await;
        let reply = sign_in(&server.browser()).await;
        let access = reply.set_cookie("mainstay_access").expect("a cookie");
        assert!(access.ends_with("; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"), "{access}");
        let refresh = reply.set_cookie("mainstay_refresh").expect("a cookie");
        assert!(refresh.contains("; Path=/v1/auth; ") && refresh.ends_with("; HttpOnly; SameSite=Lax"), "{refresh}");
    }

    async fn t_id_22_the_session_changes_at_sign_in(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let session = |body: serde_json::Value| body["member"]["session"]["id"].clone();
        let first = session(client.sign_in(&json!({ "identity": "ada" })).await);
        let planted = client.cookie("mainstay_access").expect("a cookie");
        let second = session(client.sign_in(&json!({ "identity": "ada" })).await);
        assert_ne!(first, second);
        let attacker = server.browser();
        attacker.set_cookie("mainstay_access", &planted);
        attacker.get("/v1/auth/me").await.expect_problem(401, "session_ended");
    }

    async fn t_id_22_a_session_whose_access_ran_out_is_replaced_too(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.member("ada").await;
        let refresh = client.cookie("mainstay_refresh").expect("a cookie");
        client.forget_cookie("mainstay_access");
        client.sign_in(&json!({ "identity": "ada" })).await;
        let old = server.native();
        old.post("/v1/auth/refresh", &json!({ "refresh_token": refresh })).await.expect(401);
    }

    async fn t_id_21_log_out_is_heard_at_once(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.member("ada").await;
        let (access, refresh) = (client.cookie("mainstay_access").expect("kept"), client.cookie("mainstay_refresh").expect("kept"));
        client.me().await;
        client.post("/v1/auth/logout", &json!({})).await.expect(204);
        assert!(client.cookie("mainstay_access").is_none() && client.cookie("mainstay_refresh").is_none());
        let thief = server.native();
        thief.send(thief.request("GET", "/v1/auth/me").bearer_auth(access)).await.expect_problem(401, "session_ended");
        thief.post("/v1/auth/refresh", &json!({ "refresh_token": refresh })).await.expect(401);
        // Again, and without a session: still signed out.
        client.post("/v1/auth/logout", &json!({})).await.expect(204);
    }

    async fn the_csrf_token_is_told_to_whoever_has_either_cookie(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.member("ada").await;
        let told = client.csrf_token();
        assert_eq!(client.get("/v1/auth/csrf").await.expect(200).json()["csrf_token"], told.as_str());
        client.forget_cookie("mainstay_access");
        assert_eq!(client.get("/v1/auth/csrf").await.expect(200).json()["csrf_token"], told.as_str());
        client.forget_cookie("mainstay_refresh");
        client.get("/v1/auth/csrf").await.expect_problem(401, "unauthenticated");
    }
}
