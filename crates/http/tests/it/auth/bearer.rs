//! Tokens in bodies, for clients that are no browsers (SES-4).

use serde_json::json;

use crate::harness::{Engine, TEST_AUTH, TestServer};

on_both_engines! {
    async fn ses_4_a_native_client_gets_tokens_and_no_cookies(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.native();
        let request = client.request("POST", "/v1/auth/test-login").header("x-test-auth", TEST_AUTH);
        let reply = client.send(request.header("mainstay-client", "bearer").json(&json!({ "identity": "ada" }))).await.expect(200);
        let body = reply.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 900);
        assert!(reply.set_cookies().is_empty());
        assert!(client.me().await["csrf_token"].is_null());
        let before = client.refresh_token();
        let refreshed = client.post("/v1/auth/refresh", &json!({ "refresh_token": before })).await.expect(200);
        assert!(refreshed.set_cookies().is_empty());
        assert_ne!(client.refresh_token(), before);
        client.me().await;
    }

    async fn ses_4_browsers_get_no_bearer_tokens(engine: Engine) {
        let server = TestServer::start(engine).await;
        for (name, value) in [("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")] {
            let client = server.native();
            let request = client.request("POST", "/v1/auth/test-login").header("x-test-auth", TEST_AUTH).header(name, value);
            let request = request.header("mainstay-client", "bearer").json(&json!({ "identity": "ada" }));
            client.send(request).await.expect_problem(403, "bearer_not_for_browsers");
        }
        let browser = server.member("ada").await;
        let token = browser.cookie("mainstay_refresh").expect("a cookie");
        browser.post("/v1/auth/refresh", &json!({ "refresh_token": token })).await.expect_problem(403, "bearer_not_for_browsers");
    }

    async fn a_bearer_token_makes_cookies_count_for_nothing(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (ada, bob) = (server.native_member("ada").await, server.member("bob").await);
        let cookie = format!("mainstay_access={}", bob.cookie("mainstay_access").expect("a cookie"));
        let both = ada.send(ada.request("GET", "/v1/auth/me").header("cookie", &cookie)).await.expect(200).json();
        assert_eq!(both["id"], ada.me().await["id"]);
        let anybody = server.native();
        let request = anybody.request("GET", "/v1/auth/me").bearer_auth("forged").header("cookie", &cookie);
        let reply = anybody.send(request).await.expect_problem(401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }

    async fn a_native_client_ties_a_flow_to_a_secret_of_its_own(engine: Engine) {
        let server = TestServer::start(engine).await;
        let secret = mainstay_services::crypto::encode(&[9; 32]);
        let client = server.native();
        let send = async |path: &str, body: serde_json::Value, secret: &str| {
            let request = client.request("POST", path).header("mainstay-client", "bearer").header("mainstay-flow", secret);
            client.send(request.json(&body)).await
        };
        let start = send("/v1/auth/email/start", json!({ "email": "ada@example.com" }), &secret).await.expect(202);
        assert!(start.set_cookies().is_empty());
        let proof = json!({ "flow_id": start.json()["flow_id"], "code": server.mailed_code().await });
        let other = mainstay_services::crypto::encode(&[8; 32]);
        send("/v1/auth/email/finish", proof.clone(), &other).await.expect_problem(401, "invalid_code");
        send("/v1/auth/email/finish", proof, &secret).await.expect(200);
        client.me().await;
    }
}
