//! The tests' own way in (IDN-8).

use mainstay_services::{Capability, settings::Environment};
use serde_json::json;

use crate::harness::{Engine, Options, TEST_AUTH, TestServer, capabilities_without};

on_both_engines! {
    async fn idn_8_the_header_is_the_key(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let body = json!({ "identity": "ada" });
        client.post("/v1/auth/test-login", &body).await.expect_problem(403, "forbidden");
        let request = client.request("POST", "/v1/auth/test-login").header("x-test-auth", "wrong").json(&body);
        client.send(request).await.expect_problem(403, "forbidden");
        let first = server.browser().sign_in(&body).await;
        let second = server.browser().sign_in(&body).await;
        assert_eq!(first["member"]["id"], second["member"]["id"]);
    }

    async fn idn_8_refused_with_the_right_header_where_it_is_off(engine: Engine) {
        for production in [false, true] {
            let mut options = Options::dev();
            if production {
                options.settings.environment = Environment::Prod;
            } else {
                options.capabilities = capabilities_without(&[Capability::TestLogin]);
            }
            let server = TestServer::start_with(engine, options).await;
            let client = server.browser();
            let request = client.request("POST", "/v1/auth/test-login").header("x-test-auth", TEST_AUTH);
            let reply = client.send(request.json(&json!({ "identity": "ada" }))).await;
            assert_eq!(reply.expect_problem(503, "capability_unavailable").json()["capability"], "test_login");
        }
    }
}
